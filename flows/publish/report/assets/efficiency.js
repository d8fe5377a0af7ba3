// Small multiples of what reaching a quality takes over time, all to one scale, each at its own place; and the horizon of tasks.
(() => {
  const data = CL.data("reached");
  const state = { quantity: data.quantities[0], sample: data.samples[0], ...CL.kept() };
  const chart = document.getElementById("plot"), said = document.getElementById("said");
  const word = (code) => code === "all" ? "all systems" : data.words[code] ?? code.replaceAll("_", " ");
  const taskOf = (line) => data.tasks[line.task] ?? word(line.task);
  const isMlperf = (line) => line.measured_by === "mlperf";
  // MLPerf's as chosen, steepest first, and behind them what they are set beside.
  const shown = () => data.lines.filter((line) => (isMlperf(line) ? line.quantity === state.quantity && line.sample === state.sample : line.sample === "all"))
    .sort((a, b) => isMlperf(b) - isMlperf(a) || b.fall_per_year - a.fall_per_year || a.line.localeCompare(b.line));
  const pointsOf = (line) => (data.points[line.line]?.[line.quantity] ?? []).filter((point) => !isMlperf(line) || state.sample === "all" || point[state.sample === "up_to_16" ? 4 : 5]);
  const unitOf = (line) => line.quantity === "chip_hours" ? "chip-hours" : "FLOP";
  const trace = (line, text) => CL.traced("exports.target_trends", { line: line.line, sample: line.sample, quantity: line.quantity }, text);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  const draw = (width) => {
    const lines = shown().map((line) => ({ line, points: pointsOf(line) })).filter(({ points }) => points.length);
    if (!lines.length) { chart.replaceChildren(CL.html("p", { class: "muted" }, "No line has points here.")); return; }
    const perRow = width < 600 ? 2 : width < 900 ? 3 : 5, gap = width < 600 ? 12 : 20, left = 34, above = 66, below = 26, high = 128;
    const wide = (width + gap) / perRow - gap, plot = wide - left - 2;
    const height = Math.ceil(lines.length / perRow) * (above + high + below + gap) - gap;
    const ends = lines.map(({ points }) => [0, 1].map((at) => points.map((point) => point[at])).map((values) => [Math.min(...values), Math.max(...values)]));
    const span = [0, 1].map((at) => Math.max(...ends.map((end) => end[at][1] - end[at][0])) * 1.08 + 0.2);
    const svg = CL.svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "application", "aria-roledescription": "small multiples", "aria-label": `What reaching a quality takes over time, ${lines.length} panels. Arrow keys go from point to point; the tables below have the numbers.` });
    const add = (...made) => svg.append(...made);
    const dots = [], told = [];
    lines.forEach(({ line, points }, place) => {
      const x0 = (place % perRow) * (wide + gap), y0 = Math.floor(place / perRow) * (above + high + below + gap);
      const middle = ends[place].map(([low, up]) => (low + up) / 2);
      const x = CL.scale(middle[0] - span[0] / 2, middle[0] + span[0] / 2, x0 + left, x0 + left + plot);
      const y = CL.scale(middle[1] - span[1] / 2, middle[1] + span[1] / 2, y0 + above + high, y0 + above);
      const fall = `${CL.decimal(line.fall_per_year, 2)}×`;
      add(CL.text(x0, y0 + 13, taskOf(line), { "font-weight": 620, size: 13 }));
      add(CL.text(x0, y0 + 36, fall, { size: 19, "font-weight": 640 }));
      add(CL.text(x0 + CL.measure(fall, 19, 640) + 7, y0 + 36, line.fall_per_year_low === null ? "describes" : CL.interval(line.fall_per_year_low, line.fall_per_year_high, 2), { class: "name", size: 13 }));
      add(CL.text(x0, y0 + 54, unitOf(line), { class: "name", size: 12.5 }));
      for (const tick of CL.powersBetween(middle[1] - span[1] / 2, middle[1] + span[1] / 2, high, 34)) {
        add(CL.svg("path", { class: "grid", d: `M${x0 + left} ${y(tick)}h${plot}` }), CL.text(x0 + left - 6, y(tick) + 4.5, tick >= 0 && tick < 3 ? String(10 ** tick) : CL.power(tick, 0), { class: "axis", "text-anchor": "end", size: 12.5 }));
      }
      for (let year = Math.ceil(middle[0] - span[0] / 2); year <= middle[0] + span[0] / 2; year += 1) {
        if (year % 3) continue;
        add(CL.svg("path", { class: "tick", d: `M${x(year)} ${y0 + above + high}v4` }), CL.text(x(year), y0 + above + high + 18, String(year), { class: "axis", "text-anchor": "middle", size: 12.5 }));
      }
      add(CL.svg("path", { class: "tick", d: `M${x0 + left} ${y0 + above + high}h${plot}` }));
      const at = points.map(([year, log10]) => [x(year), y(log10)]);
      const radius = points.length > 60 ? 1.8 : 2.6;
      const [first, last] = ends[place][0], centre = [mean(points.map((point) => point[0])), mean(points.map((point) => point[1]))];
      if (line.slope_low !== null) {
        const edge = (slope, year) => `${x(year).toFixed(1)} ${y(centre[1] + slope * (year - centre[0])).toFixed(1)}`;
        add(CL.svg("path", { fill: "var(--accent)", opacity: 0.18, d: `M${edge(line.slope_low, first)}L${edge(line.slope_high, last)}L${edge(line.slope_low, last)}L${edge(line.slope_high, first)}Z` }));
      }
      add(CL.svg("path", { fill: "var(--points)", opacity: points.length > 60 ? 0.5 : 0.85, d: at.map(([px, py]) => `M${(px - radius).toFixed(1)} ${py.toFixed(1)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`).join("") }));
      const on = (year) => `${x(year).toFixed(1)} ${y(line.intercept + line.slope * (year - 2000)).toFixed(1)}`;
      add(CL.svg("path", { class: "line", fill: "none", stroke: "var(--accent)", "stroke-width": 2.4, "stroke-dasharray": line.fall_per_year_low === null ? "7 5" : null, d: `M${on(first)}L${on(last)}` }));
      dots.push(...at);
      told.push(...points.map((point) => ({ line, point })));
    });
    chart.replaceChildren(svg);
    CL.pointing(chart, { dots, reach: 16, open: (at) => CL.open(data.pages[told[at].point[6]]), describe: (at) => {
      const { line, point: [year, log10, name, round] } = told[at];
      return [CL.html("b", {}, name), CL.html("br"), ...CL.nodes(line.quantity === "chip_hours" ? CL.rounded(10 ** log10) : CL.scientific(log10)), ` ${unitOf(line)}, ${round ? `round ${round}, ` : ""}${Math.floor(year)}`];
    } });
  };

  let again = null;
  const change = (name) => (value) => { state[name] = value; update(); CL.keep(state); };
  const controls = Object.fromEntries([["quantity", "Counted"], ["sample", "Systems"]].map(([name, label]) => [name, CL.choice({ name, label, buttons: true, whole: true, change: change(name) })]));
  const update = () => {
    for (const [name, known] of [["quantity", data.quantities], ["sample", data.samples]]) {
      if (!known.includes(state[name])) [state[name]] = known;
      controls[name].set(known.map((code) => [code, CL.capital(word(code))]), state[name]);
    }
    const lines = shown().filter(isMlperf), sure = lines.filter((line) => line.fall_per_year_low !== null);
    const parts = [CL.html("b", {}, `${CL.capital(word(state.quantity))}, ${word(state.sample)}: `)];
    if (!lines.length) parts.push("too few rounds for a line.");
    else {
      const least = lines.at(-1);
      parts.push("it falls ", trace(least, CL.decimal(least.fall_per_year, 2)), ` times a year in ${taskOf(least)} to `, trace(lines[0], CL.decimal(lines[0].fall_per_year, 2)), ` times in ${taskOf(lines[0])}; `);
      parts.push(sure.length ? `in ${sure.filter((line) => line.fall_per_year_low > 1).length} of ${CL.many(sure.length, "task")} the ${CL.percent(data.level)} interval is above 1, a fall that is shown.` : "the least of each round is chosen by its value and has no interval.");
    }
    said.replaceChildren(...parts);
    again?.();
  };
  document.getElementById("controls").append(...Object.values(controls).flatMap((one) => one.elements));
  update();
  again = CL.drawn(chart, draw);

  const place = document.getElementById("horizon"), line = data.horizon;
  if (!place || !line) return;
  CL.drawn(place, (width) => CL.xy(place, width, {
    label: "Time horizon of models over time", x: { kind: "year", name: "Released" }, y: { kind: "log", name: "Time horizon, minutes" },
    points: data.horizons.map((one) => [one[1], one[2]]),
    lines: [{ colour: "--accent", at: [line.first_released_on, line.last_released_on].map(CL.yearOf).map((year) => [year, line.intercept + line.slope * (year - 2000)]) }],
    describe: (at) => [CL.html("b", {}, data.horizons[at][0]), CL.html("br"), `${CL.rounded(10 ** data.horizons[at][2])} minutes, ${Math.floor(data.horizons[at][1])}`],
    open: (at) => CL.open(data.horizons[at][3]),
  }));
})();
