// The specification curve: the exponent under every choice, in order, with marks below that say what was chosen.
(() => {
  const page = CL.data("drawn");
  const word = (code) => page.words[code] ?? String(code).replaceAll("_", " ");
  const chart = document.getElementById("choices");
  const table = document.querySelector("#choices-table tbody");
  const all = page.sets.filter((set) => set.row_set === "current").flatMap((set) => set.lines
    .filter((line) => line.form === "polynomial" && line.exponent > 0)
    .map((line) => ({
      set, line, metric: set.metric, code: set.compute_measure, points: `${set.row_set}/${set.selection}`, fitted: line.fitted, estimator: line.estimator,
      n: set.n, exponent: line.exponent, low: line.exponent_low, high: line.exponent_high,
      marks: { measure: page.choices[set.compute_measure] ?? word(set.compute_measure), points: word(set.selection), direction: word(line.direction), estimator: page.estimators[line.fitted] ?? word(line.fitted) },
    })));
  let chosen = null;
  const unique = (values) => [...new Set(values)];

  const draw = (width) => {
    const lines = all.filter((line) => !chosen || line.metric === chosen.metric).sort((a, b) => a.exponent - b.exponent || a.code.localeCompare(b.code));
    if (!lines.length) { chart.replaceChildren(CL.html("p", { class: "muted" }, "No choice gives a line with an exponent.")); return; }
    const isPhone = width < 600;
    const left = isPhone ? 150 : 216, right = width - 8, rowHigh = 16, size = isPhone ? 12.5 : 13;
    const groups = ["measure", "points", "direction", "estimator"].map((name) => [name, unique(lines.map((line) => line.marks[name]))]);
    const top = 24, plot = 150, matrix = top + plot + 24;
    const height = matrix + groups.reduce((sum, [, values]) => sum + 22 + values.length * rowHigh, 0) + 8;
    const step = Math.min((right - left) / lines.length, 40);
    const x = (at) => left + step * (at + 0.5);
    // Beyond three times the middle an interval leaves the frame with an arrow: a few unbounded ones would flatten the rest.
    const middle = lines[Math.floor(lines.length / 2)].exponent;
    const cap = Math.max(Math.min(Math.max(...lines.map((line) => line.high ?? line.exponent)), middle * 2.5), lines.at(-1).exponent * 1.1);
    const base = Math.min(...lines.map((line) => line.low ?? line.exponent)) * 0.9;
    const y = CL.scale(base, cap, top + plot, top);
    const svg = CL.svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "application", "aria-roledescription": "specification curve", "aria-label": `Exponent under ${lines.length} choices, from ${CL.decimal(lines[0].exponent)} to ${CL.decimal(lines.at(-1).exponent)}. Arrow keys go from choice to choice; the table below has all of them.` });
    const add = (...made) => svg.append(...made);
    const ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((one) => (cap - base) / one <= 5);
    for (let tick = Math.ceil(base / ticks) * ticks; tick <= cap; tick += ticks) {
      add(CL.svg("path", { class: "grid", d: `M${left} ${y(tick)}H${right}` }));
      add(CL.text(left - 10, y(tick) + 4.5, CL.decimal(tick, 0), { class: "axis", "text-anchor": "end", size: 13 }));
    }
    add(CL.text(0, top + 4, "exponent", { class: "name", size: 13 }));
    const isShown = (line) => chosen && line.code === chosen.measure && line.points === chosen.points && line.fitted === chosen.fitted;
    const dots = lines.map((line, at) => [x(at), y(line.exponent)]);
    lines.forEach((line, at) => {
      const colour = isShown(line) ? "var(--accent)" : "var(--points)";
      if (line.low !== null) {
        const isOpen = line.high === null || line.high > cap;
        add(CL.svg("path", { d: `M${x(at)} ${y(line.low)}V${isOpen ? top : y(line.high)}`, stroke: isShown(line) ? colour : "var(--rule)", "stroke-width": isShown(line) ? 2.4 : 2 }));
        if (isOpen) add(CL.svg("path", { d: `M${x(at) - 3} ${top}h6l-3 -5z`, fill: isShown(line) ? colour : "var(--control)" }));
      }
      add(CL.svg("circle", { cx: x(at), cy: y(line.exponent), r: isShown(line) ? 4.4 : Math.min(3, step / 2.4), fill: colour }));
      if (isShown(line)) {
        const told = `shown above, ${CL.decimal(line.exponent)}`;
        const isLeft = x(at) - left > CL.measure(told, 13, 600) + 12;
        add(CL.text(x(at) + (isLeft ? -9 : 9), Math.max(y(line.exponent) - 14, top + 2), told, { "text-anchor": isLeft ? "end" : "start", size: 13, "font-weight": 600, style: "fill:var(--accent)", class: "halo" }));
      }
    });
    let row = matrix;
    for (const [name, values] of groups) {
      add(CL.text(0, row + 4, name, { size: 13, "font-weight": 620 }));
      row += 18;
      for (const value of values) {
        add(CL.svg("path", { class: "grid", d: `M${left} ${row}H${right}` }));
        add(CL.text(12, row + 4, value, { class: "name", size }));
        lines.forEach((line, at) => {
          if (line.marks[name] !== value) return;
          const side = Math.min(7, step - 1.2);
          add(CL.svg("rect", { x: x(at) - side / 2, y: row - 3.5, width: side, height: 7, fill: isShown(line) ? "var(--accent)" : "var(--points)" }));
        });
        row += rowHigh;
      }
      row += 4;
    }
    chart.replaceChildren(svg);
    CL.pointing(chart, { dots, reach: 60, describe: (at) => {
      const line = lines[at];
      return [CL.html("b", {}, CL.decimal(line.exponent)), ` ${line.low === null ? "" : `(${CL.interval(line.low, line.high)})`}`, CL.html("br"), CL.html("span", {}, `${Object.values(line.marks).join(", ")}; ${CL.many(line.n, "point")}`)];
    } });
    table.replaceChildren(...lines.map((line) => CL.html("tr", {}, ...Object.values(line.marks).map((mark) => CL.html("td", {}, mark)), ...[CL.whole(line.n), CL.decimal(line.exponent), line.low === null ? "–" : CL.interval(line.low, line.high)].map((told) => CL.html("td", { class: "r" }, told === "–" ? told : CL.traced("marts.scaling", CL.lineKey(line.set, line.line), told))))));
    document.getElementById("n-choices").textContent = CL.many(lines.length, "choice");
  };
  const again = CL.drawn(chart, draw);
  document.addEventListener("chosen", (event) => { chosen = event.detail; again(); });
})();
