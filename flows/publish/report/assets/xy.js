// A plain plot of points and lines on two axes: years, months since 2000, numbers, numbers on a log axis
// (log10 given), powers of ten (log10 given) or errors in percent (log10 given).
window.CL ??= {};
(() => {
  const ticksOf = (axis, low, high, length, room) => {
    if (axis.kind === "power") return CL.powersBetween(low, high, length, room);
    if (axis.kind === "percent") {
      const place = (error) => (Math.log10(error) - low) / (high - low) * length;
      return CL.errorTicks(place, 10 ** low, 10 ** high, room).map(Math.log10);
    }
    if (axis.kind === "log") return CL.logTicks(low, high, length, room);
    if (axis.kind === "month") return CL.months(low, high, length, room);
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((one) => one / (high - low) * length >= room) ?? 1000;
    const ticks = [];
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
    return ticks;
  };
  const told = (axis, tick) => axis.kind === "power" ? CL.power(tick, 0) : axis.kind === "percent" ? CL.percent(10 ** tick) : axis.kind === "log" ? CL.groups(String(Number((10 ** tick).toPrecision(3)))) : axis.kind === "month" ? CL.month(tick) : axis.kind === "number" ? CL.groups(String(tick)) : String(tick);

  // spec: {label, x, y: {kind, name}, points: [[x, y]], lines: [{name, colour, at: [[x, y]], low, high, dashed}], diagonal, describe, open}
  CL.xy = (chart, width, spec) => {
    const isPhone = width < 600, height = isPhone ? 360 : Math.round(Math.min(440, width * 0.42));
    const frame = { left: spec.y.kind === "percent" ? 52 : 48, right: width - (isPhone ? 8 : 16), top: 30, bottom: height - 52 };
    const every = [...spec.points, ...spec.lines.flatMap((line) => line.at)];
    const ends = (at) => { const values = every.map((one) => one[at]); const [low, high] = [Math.min(...values), Math.max(...values)]; const gap = (high - low || 1) * 0.04; return [low - gap, high + gap]; };
    let [xLow, xHigh] = ends(0), [yLow, yHigh] = ends(1);
    if (spec.diagonal) { [xLow, yLow] = [Math.min(xLow, yLow), Math.min(xLow, yLow)]; [xHigh, yHigh] = [Math.max(xHigh, yHigh), Math.max(xHigh, yHigh)]; }
    const x = CL.scale(xLow, xHigh, frame.left, frame.right), y = CL.scale(yLow, yHigh, frame.bottom, frame.top);
    const svg = CL.svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "application", "aria-roledescription": "plot", "aria-label": `${spec.label}, ${CL.many(spec.points.length, "point")}. Arrow keys go from point to point; the table below has the numbers.` });
    const add = (...made) => svg.append(...made);
    const places = CL.places({ x: frame.left, y: frame.top, w: frame.right - frame.left, h: frame.bottom - frame.top });
    for (const tick of ticksOf(spec.y, yLow, yHigh, frame.bottom - frame.top, 34)) {
      add(CL.svg("path", { class: "grid", d: `M${frame.left} ${y(tick)}H${frame.right}` }), CL.text(frame.left - 8, y(tick) + 4.5, told(spec.y, tick), { class: "axis", "text-anchor": "end", size: 13 }));
    }
    for (const tick of ticksOf(spec.x, xLow, xHigh, frame.right - frame.left, spec.x.kind === "month" ? 84 : isPhone ? 54 : 64)) {
      add(CL.svg("path", { class: "tick", d: `M${x(tick)} ${frame.bottom}v5` }), CL.text(x(tick), frame.bottom + 21, told(spec.x, tick), { class: "axis", "text-anchor": "middle", size: 13 }));
    }
    add(CL.svg("path", { class: "tick", d: `M${frame.left} ${frame.bottom}H${frame.right}` }));
    add(CL.text(0, 14, spec.y.name, { class: "name", size: 13 }), CL.text(frame.left, height - 6, spec.x.name, { class: "name", size: 13 }));
    if (spec.diagonal) {
      add(CL.svg("path", { class: "target", "stroke-dasharray": "2 4", d: `M${x(xLow)} ${y(yLow)}L${x(xHigh)} ${y(yHigh)}` }));
    }
    const dots = spec.points.map(([px, py]) => [x(px), y(py)]);
    const radius = dots.length > 400 ? 2.2 : 3.4;
    add(CL.svg("path", { class: "points", fill: "var(--points)", opacity: dots.length > 400 ? 0.5 : 0.85, d: dots.map(([px, py]) => `M${(px - radius).toFixed(1)} ${py.toFixed(1)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`).join("") }));
    for (const line of spec.lines) {
      const path = (at) => at.map(([px, py]) => `${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("L");
      if (line.low) add(CL.svg("path", { d: `M${path(line.high)}L${path([...line.low].reverse())}Z`, fill: `var(${line.colour})`, opacity: 0.18 }));
      add(CL.svg("path", { class: "line", d: `M${path(line.at)}`, fill: "none", stroke: `var(${line.colour})`, "stroke-width": 2.4, "stroke-dasharray": line.dashed ? "7 5" : null }));
      if (line.dots) for (const [px, py] of line.at) add(CL.svg("circle", { cx: x(px), cy: y(py), r: 2.6, fill: `var(${line.colour})` }));
    }
    for (const line of spec.lines) {
      if (!line.name) continue;
      const wide = CL.measure(line.name, 14, 600);
      const tries = [0.98, 0.85, 0.7, 0.55, 0.4, 0.25].flatMap((part) => {
        const [px, py] = line.at[Math.round(part * (line.at.length - 1))];
        return [[x(px) - 8, y(py) - 10, "end"], [x(px) - 4, y(py) + 22, "end"], [x(px) + 6, y(py) + 20, "start"], [x(px) + 6, y(py) - 10, "start"], [x(px) - 12, y(py) - 30, "end"], [x(px) + 16, y(py) + 40, "start"]];
      });
      const boxes = tries.map(([tx, ty, anchor]) => ({ tx, ty, anchor, x: anchor === "end" ? tx - wide : tx, y: ty - 13, w: wide, h: 16 }));
      const others = spec.lines.flatMap((one) => one.at.slice(1).flatMap(([bx, by], at) => Array.from({ length: 12 }, (_, part) => { const [ax, ay] = one.at[at]; return [x(ax + (bx - ax) * part / 12), y(ay + (by - ay) * part / 12)]; })));
      const free = boxes.filter(places.isFree).map((box) => [places.inside(box, others) * 40 + places.inside(box, dots), box]).sort(([a], [b]) => a - b);
      if (!free.length) continue;
      const box = places.take(free[0][1]);
      add(CL.text(box.tx, box.ty, line.name, { "text-anchor": box.anchor, "font-weight": 600, class: "halo", style: `fill:var(${line.ink ?? line.colour})` }));
    }
    chart.replaceChildren(svg);
    if (dots.length) CL.pointing(chart, { dots, describe: spec.describe, open: spec.open });
  };
})();
