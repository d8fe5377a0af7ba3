// The scaling plot: error against computation, the lines that a person chooses, and what a target takes.
(() => {
  const page = CL.data("drawn");
  const word = (code) => page.words[code] ?? String(code).replaceAll("_", " ");
  const { among: AMONG, last: LAST } = page.steps;  // of a curve: the last step among the points, and the last one
  const column = Object.fromEntries(page.columns.map((name, at) => [name, at]));
  const of = (place, name) => page.points[place][column[name]];
  const COLOURS = { polynomial: ["--accent", "--accent"], exponential: ["--second", "--second-text"], asymptotic: ["--third", "--third"], logistic: ["--third", "--third"] };
  const AXES = {
    hardware_burden: ["Computation of the training, FLOP: processors × peak rate × time", "FLOP: processors × peak rate × time"],
    consolidated_burden: ["Computation of the training, FLOP: hardware burden, or what network operations predict", "FLOP: burden, or as predicted"],
    network_operations: ["Computation of the training, FLOP: operations per pass × 3 × epochs × training set", "FLOP: operations × epochs × data"],
    operations_per_pass: ["Operations of one pass through the network, FLOP", "FLOP of one pass"],
    training_compute: ["Computation of the training, FLOP: arithmetic done", "FLOP: arithmetic done"],
  };
  const FITTED = page.fitted, KINDS = page.kinds_of_run, SHORT_KINDS = page.kinds_of_run_short;
  const chart = document.getElementById("plot");
  const state = {};
  let redraw = null;

  // --- what is chosen
  const setOf = () => page.sets.find((one) => one.metric === state.metric && one.compute_measure === state.measure && `${one.row_set}/${one.selection}` === state.points);
  const linesOf = (set) => {
    const fitted = set.lines.filter((line) => line.fitted === state.fitted && line.error.length);
    return state.form === "both" ? fitted.filter((line) => ["polynomial", "exponential"].includes(line.form)) : fitted.filter((line) => line.form === state.form);
  };
  const unique = (values) => [...new Set(values)];
  const change = (name) => (value) => { state[name] = value; update(true); };
  const isOne = unique(page.sets.map((one) => one.metric)).length === 1;
  const controls = {
    metric: CL.choice({ name: "metric", label: "Metric", change: change("metric") }),
    measure: CL.choice({ name: "measure", label: "Measure", whole: true, change: change("measure") }),
    form: CL.choice({ name: "form", label: "Form", buttons: true, whole: isOne, change: change("form") }),
    points: CL.choice({ name: "points", label: "Points", whole: true, change: change("points") }),
    fitted: CL.choice({ name: "fitted", label: "Line fitted", whole: true, change: change("fitted") }),
  };
  const nameOfPoints = (set) => `${set.row_set === "current" ? CL.capital(word(set.selection)) : CL.capital(word(set.row_set))}, ${CL.whole(set.n)}`;
  const settle = (name, options, otherwise) => {
    if (!options.some(([code]) => code === state[name])) state[name] = options.some(([code]) => code === otherwise) ? otherwise : options[0]?.[0];
    controls[name].set(options, state[name]);
  };
  const settleAll = () => {
    const lead = page.sets[page.chosen];
    settle("metric", unique(page.sets.map((one) => one.metric)).map((code) => [code, CL.capital(word(code))]), lead.metric);
    const metric = page.sets.filter((one) => one.metric === state.metric);
    settle("measure", unique(metric.map((one) => one.compute_measure)).map((code) => [code, CL.capital(word(code))]), lead.compute_measure);
    const measure = metric.filter((one) => one.compute_measure === state.measure);
    settle("points", measure.map((one) => [`${one.row_set}/${one.selection}`, nameOfPoints(one)]), `${lead.row_set}/${lead.selection}`);
    const set = setOf();
    settle("fitted", unique(set.lines.map((line) => line.fitted)).map((code) => [code, FITTED[code] ?? CL.capital(word(code))]), "ols");
    const forms = set.lines.filter((line) => line.fitted === state.fitted && line.error.length).map((line) => line.form);
    const both = ["polynomial", "exponential"].every((form) => forms.includes(form));
    settle("form", [...(both ? [["both", "Both"]] : []), ...forms.map((form) => [form, CL.capital(form)])], "both");
  };

  // --- the plot
  const draw = (width) => {
    const set = setOf(), lines = linesOf(set);
    const isPhone = width < 720;
    const height = isPhone ? 440 : Math.round(Math.min(480, width * 0.43 + 40));
    const frame = { left: isPhone ? 44 : 56, right: width - 6, top: 22, bottom: height - 52 };
    const decades = Math.max(set.x_max - set.x_min, 0.5);
    const end = set.x_max + decades * page.ranges * 1.06;
    const x = CL.scale(set.x_min - decades * 0.06, end, frame.left, frame.right);
    const errors = set.points.map((place) => of(place, "error"));
    const [first, second] = (lines[0]?.targets ?? []).filter((target) => target.target !== "today");
    const high = Math.min(Math.max(...errors) * 1.18, 1.02);
    // Below the first target there is room for its interval and for what is told of the second.
    const foot = 44 + (isPhone ? (lines.length + 1) * 18 : 18), share = foot / (frame.bottom - frame.top);
    const roomy = first ? 10 ** (Math.log10(first.error) - (share / (1 - share)) * (Math.log10(high) - Math.log10(first.error))) : 1;
    const low = Math.min(Math.min(...errors) / 1.2, roomy);
    const logY = CL.scale(Math.log10(high), Math.log10(low), frame.top, frame.bottom);
    const y = (error) => logY(Math.log10(Math.max(error, 1e-9)));
    const dots = set.points.map((place) => [x(of(place, "log10") + set.shift), y(of(place, "error"))]);
    const places = CL.places({ x: frame.left, y: 0, w: frame.right - frame.left, h: frame.bottom });
    const svg = CL.svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "application", "aria-roledescription": "scatter plot", "aria-label": `${page.title}: error against computation, ${CL.many(set.points.length, "point")}. Arrow keys go from point to point, Enter opens its page; the table below has all of them.` });
    const add = (...made) => svg.append(...made.filter(Boolean));

    // Beyond the data, and the axes.
    const edge = x(set.x_max), far = x(set.x_max + decades * page.ranges);
    add(CL.svg("rect", { x: edge, y: frame.top - 14, width: frame.right - edge, height: frame.bottom - frame.top + 14, fill: "var(--beyond)" }));
    const targets = [first].filter((target) => target && target.error >= low);
    // What is told of a target below the frame stands at its foot, where no line runs through it.
    const told = second && second.error < low ? frame.bottom - 14 - (isPhone ? lines.length + 1 : 1) * 18 : frame.bottom;
    for (const error of CL.errorTicks(y, low, high, 34, targets.map((target) => target.error))) {
      if (y(error) > told && error !== first?.error) continue;
      add(CL.svg("path", { class: "grid", d: `M${frame.left} ${y(error)}H${frame.right}` }));
      add(CL.text(frame.left - 8, y(error) + 4.5, CL.percent(error), { class: "axis", "text-anchor": "end", size: 13 }));
    }
    add(CL.svg("path", { d: `M${far} ${frame.top - 14}V${frame.bottom}`, stroke: "var(--rule)", "stroke-dasharray": "2 4" }));
    for (const power of CL.powersBetween(set.x_min - decades * 0.06, end, frame.right - frame.left, isPhone ? 58 : 74)) {
      add(CL.svg("path", { class: "tick", d: `M${x(power)} ${frame.bottom}v5` }));
      add(CL.text(x(power), frame.bottom + 21, CL.power(power, 0), { class: "axis", "text-anchor": "middle", size: 13 }));
    }
    add(CL.text(frame.left, height - 6, (AXES[set.compute_measure] ?? ["Computation, FLOP", "FLOP"])[isPhone ? 1 : 0], { class: "name", size: 13 }));
    add(CL.text(0, frame.top - 10, `${CL.capital(word(set.metric))} error`, { class: "name", size: 13 }));
    places.take({ x: frame.left, y: 0, w: isPhone ? 60 : 80, h: 16 });
    add(CL.text(edge + 8, frame.top + 4, "beyond the data", { class: "quiet", size: isPhone ? 13 : 14 }));
    places.take({ x: edge, y: frame.top - 14, w: 124, h: 26 });
    if (!isPhone && frame.right - far > -1) {
      ["one data range out:", "no further support"].forEach((line, at) => add(CL.text(far - 8, frame.top + 4 + at * 17, line, { class: "quiet", size: 13, "text-anchor": "end" })));
      places.take({ x: far - 138, y: frame.top - 14, w: 138, h: 46 });
    }

    // Bands, then lines: solid among the points, dashed beyond. What leaves the frame is cut by it.
    const clip = CL.svg("clipPath", { id: "frame" }, CL.svg("rect", { x: frame.left, y: frame.top - 14, width: frame.right - frame.left, height: frame.bottom - frame.top + 14 }));
    const inside = CL.svg("g", { "clip-path": "url(#frame)" });
    add(clip, inside);
    const steps = (line) => line.error.map((_, step) => set.x_min + (set.x_max - set.x_min) * (step <= AMONG ? step : AMONG + (step - AMONG) * page.ranges) / AMONG);
    // No error is above 1: there a curve has left what can be, and a band leaves the frame.
    const path = (xs, ys) => ys.map((error, at) => error === null || error >= 1 ? null : `${x(xs[at]).toFixed(1)} ${y(error).toFixed(1)}`).filter(Boolean).join("L");
    const outside = (ends) => ends.map((end) => Math.min(end ?? 0.999, 0.999));
    for (const line of [...lines].reverse()) {
      const xs = steps(line), colour = `var(${COLOURS[line.form][0]})`;
      if (line.low && line.high) for (const [from, to, opacity] of [[0, AMONG + 1, 0.18], [AMONG, LAST + 1, 0.09]])
        inside.append(CL.svg("path", { d: `M${path(xs.slice(from, to), outside(line.high.slice(from, to)))}L${path([...xs.slice(from, to)].reverse(), outside(line.low.slice(from, to)).reverse())}Z`, fill: colour, opacity }));
    }
    const drawnLines = [];
    for (const line of [...lines].reverse()) {
      const xs = steps(line), colour = `var(${COLOURS[line.form][0]})`;
      inside.append(CL.svg("path", { class: `line ${line.form}`, d: `M${path(xs.slice(0, AMONG + 1), line.error.slice(0, AMONG + 1))}`, fill: "none", stroke: colour, "stroke-width": 2.4 }));
      inside.append(CL.svg("path", { d: `M${path(xs.slice(AMONG), line.error.slice(AMONG))}`, fill: "none", stroke: colour, "stroke-width": 1.8, "stroke-dasharray": "7 5" }));
      // Every few pixels a label may not lie on it.
      xs.forEach((at, step) => { if (line.error[step] !== null && line.error[step] < 1) { const one = [x(at), y(line.error[step])]; drawnLines.push(one); } });
    }
    for (let at = 0; at + 1 < drawnLines.length; at += 1) {
      const [a, b] = [drawnLines[at], drawnLines[at + 1]];
      if (b[0] < a[0]) continue;
      for (let part = 0; part < 1; part += 0.25) places.take({ x: a[0] + (b[0] - a[0]) * part - 3, y: a[1] + (b[1] - a[1]) * part - 3, w: 6, h: 6 });
    }

    // Points: a shape for each kind of run, one path each, so that thousands are drawn as fast as ten.
    const kinds = Object.keys(KINDS).filter((kind) => set.points.some((place) => of(place, "kind_of_run") === kind));
    const known = set.points.map((place, at) => [place, at]).filter(([place]) => of(place, "landmark_rank") !== null).sort(([a], [b]) => of(a, "landmark_rank") - of(b, "landmark_rank"));
    const labelled = new Map();
    for (const kind of [...kinds].reverse()) {
      const at = set.points.map((place, one) => [place, one]).filter(([place]) => of(place, "kind_of_run") === kind).map(([, one]) => dots[one]);
      add(shape(kind, at, set.points.length > 400 ? 2.6 : 3.4, set.points.length > 400 ? 0.55 : 0.9));
    }

    // The first target: a rule, with the line's interval on it and the value beside.
    if (targets.length) target(add, places, { set, lines, x, y, frame, isPhone, error: first.error });
    if (second && second.error < low) beyondFrame(add, places, { lines, frame, isPhone, second });
    legend(add, places, { kinds, frame, dots, isPhone, isTargeted: targets.length > 0, y, first });

    // Landmarks, the best known first, each where its label meets nothing.
    for (const [place, at] of known) {
      if (labelled.size >= (isPhone ? 4 : 8)) break;
      const name = of(place, "landmark_label") ?? of(place, "label");
      const box = labelAt(places, dots[at], CL.measure(name), dots);
      if (!box) continue;
      labelled.set(at, name);
      add(shape("paper", [dots[at]], 4.2, 1, "var(--ink)"));
      add(CL.text(box.tx, box.ty, name, { "text-anchor": box.anchor }));
    }
    nameLines(add, places, { lines, steps, x, y, frame, dots, edge });

    chart.replaceChildren(svg);
    CL.pointing(chart, { dots, describe: (at) => describe(set, set.points[at]), open: (at) => CL.open(of(set.points[at], "address")) });
  };

  const shape = (kind, at, radius, opacity, colour = "var(--points)") => {
    const isTriangle = kind === "vendor" || kind === "contest";
    const d = at.map(([px, py]) => isTriangle
      ? `M${(px - radius * 1.15).toFixed(1)} ${(py + radius * 0.9).toFixed(1)}h${(radius * 2.3).toFixed(1)}l${(-radius * 1.15).toFixed(1)} ${(-radius * 2).toFixed(1)}z`
      : `M${(px - radius).toFixed(1)} ${py.toFixed(1)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`).join("");
    const isHollow = kind !== "paper";
    return CL.svg("path", { class: `points ${kind}`, d, fill: isHollow ? "var(--ground)" : colour, stroke: colour, "stroke-width": isHollow ? 1.2 : 0, opacity, "fill-opacity": isHollow ? 0.6 : 1 });
  };

  const labelAt = (places, [px, py], wide, dots) => {
    const high = 16;
    const tries = [
      [px + 9, py + 5, "start"], [px - 9, py + 5, "end"], [px + 6, py - 8, "start"], [px - 6, py - 8, "end"],
      [px, py - 11, "middle"], [px + 6, py + 19, "start"], [px - 6, py + 19, "end"], [px, py + 21, "middle"],
      [px + 12, py - 14, "start"], [px - 12, py - 14, "end"], [px + 10, py + 24, "start"], [px - 10, py + 24, "end"],
    ].map(([tx, ty, anchor]) => ({ tx, ty, anchor, box: { x: tx - (anchor === "end" ? wide : anchor === "middle" ? wide / 2 : 0) - 2, y: ty - 13, w: wide + 4, h: high } }));
    const free = tries.filter((one) => places.isFree(one.box)).map((one) => ({ ...one, n: places.inside(one.box, dots) }));
    const best = free.sort((a, b) => a.n - b.n)[0];
    if (!best || best.n > (dots.length > 400 ? 8 : 0)) return null;
    places.take(best.box);
    return best;
  };

  const target = (add, places, { set, lines, x, y, frame, isPhone, error }) => {
    const at = y(error);
    add(CL.svg("path", { class: "target", d: `M${frame.left} ${at}H${frame.right}` }));
    const name = `target ${CL.percent(error)}`;
    add(CL.text(frame.left + 8, at - 7, name, { class: "quiet" }));
    places.take({ x: frame.left, y: at - 20, w: CL.measure(name) + 16, h: 22 });
    places.take({ x: frame.left, y: at - 6, w: frame.right - frame.left, h: 12 });
    lines.forEach((line, place) => {
      const told = line.targets.find((one) => one.error === error);
      if (!told || told.log10 === null) return;
      const [colour, ink] = COLOURS[line.form].map((one) => `var(${one})`);
      const isOut = x(told.log10) > frame.right;
      // Where two intervals overlap the second lies below the rule, so that both are seen.
      const lead = lines[0].targets.find((one) => one.error === error);
      const low = told.new_low ?? told.low ?? told.log10, high = lead?.new_high ?? lead?.high ?? Infinity;
      const under = place && lead && low < high && x(low) < frame.right ? 10 : 0;
      const fits = (log10) => Math.min(Math.max(x(log10), frame.left), frame.right);
      if (told.new_low !== null) add(CL.svg("path", { d: `M${fits(told.new_low)} ${at + under}H${fits(told.new_high ?? 1e9)}`, stroke: colour, "stroke-width": 1.4 }));
      if (told.low !== null) {
        const isOpen = told.high === null || x(told.high) > frame.right;
        if (fits(told.low) < frame.right) add(CL.svg("path", { d: `M${fits(told.low)} ${at + under}H${fits(told.high ?? 1e9) - (isOpen ? 8 : 0)}`, stroke: colour, "stroke-width": 7 }));
        if (isOpen) add(CL.svg("path", { d: `M${frame.right - 9} ${at + under - 7}l9 7l-9 7z`, fill: colour }));
      } else if (isOut) add(CL.svg("path", { d: `M${frame.right - 9} ${at + under - 6}l9 6l-9 6z`, fill: colour }));
      if (!isOut) add(CL.svg("path", { d: `M${x(told.log10)} ${at + under - 8}v16`, stroke: colour, "stroke-width": 2.6 }));
      // The median large above the rule, left of its crossing; the interval small below. A second form's are on one line.
      const size = isPhone ? 17 : 20;
      const median = CL.power(told.log10), ends = told.low === null ? [] : CL.powers(told.low, told.high);
      const clear = (box) => places.isFree(box);
      const right = Math.max(Math.min(told.low === null ? x(told.log10) - 8 : fits(told.low) - 8, frame.right - 14), frame.left + CL.measure(name) + 24 + CL.measure(median, size, 700));
      const above = { x: right - CL.measure(median, size, 700), y: at - 8 - size, w: CL.measure(median, size, 700), h: size };
      if (place === 0 && !isOut && clear(above)) {
        places.take(above);
        add(CL.text(right, at - 10, median, { "text-anchor": "end", size, "font-weight": 700, style: `fill:${ink}` }));
        if (ends.length) {
          const below = { x: right - CL.measure(ends, 13), y: at + 6, w: CL.measure(ends, 13), h: 16 };
          places.take(below);
          add(CL.text(right, at + 19, ends, { "text-anchor": "end", size: 13, style: `fill:${ink}` }));
        }
        return;
      }
      // On a line of its own below, as far right as there is room; beyond the frame with an arrow.
      const parts = [median, ends.length && !isPhone ? [" (", ends, ")"] : [], isOut ? " →" : ""];
      const wide = CL.measure(parts, 14) + 8;
      const end = isOut ? frame.right - 2 : Math.min(frame.right - 2, fits(told.high ?? told.log10));
      const tries = [[end, 21], [end, -10], [end, 40], [end, -28], [frame.right - 2, 21], [frame.right - 2, -10], [frame.right - 2, 40]]
        .map(([right, dy]) => ({ right, ty: at + dy + (dy > 0 ? under : 0), box: { x: right - wide, y: at + dy + (dy > 0 ? under : 0) - 14, w: wide, h: 17 } }));
      // A number is never left out: where all places are taken it stands in the first, with the ground around its letters.
      const free = tries.find((one) => clear(one.box)), best = free ?? tries[0];
      places.take(best.box);
      add(CL.text(best.right, best.ty, parts, { "text-anchor": "end", size: 14, "font-weight": 600, class: free ? null : "halo", style: `fill:${ink}` }));
    });
  };

  // What lies below the frame is told in words, with how many data ranges beyond the points it is.
  const beyondFrame = (add, places, { lines, frame, isPhone, second }) => {
    const told = lines.map((line) => [line, line.targets.find((one) => one.target === second.target)]).filter(([, one]) => one?.log10 != null);
    if (!told.length) return;
    const head = `target ${CL.percent(second.error)} lies below: `;
    const parts = told.map(([line, one]) => [`${line.form} `, CL.power(one.log10), one.ranges_beyond ? ` (${CL.decimal(one.ranges_beyond)} data ranges out)` : ""]);
    const rows = isPhone ? [[head.trim()], ...parts] : [[head, ...parts.flatMap((part, at) => at ? [", ", part] : [part])]];
    rows.reverse().forEach((row, at) => {
      const ty = frame.bottom - 10 - at * 18;
      places.take({ x: frame.left, y: ty - 13, w: CL.measure(row, 13) + 12, h: 17 });
      add(CL.text(frame.left + 8, ty, row, { class: "quiet", size: 13 }));
    });
  };

  // Kinds of runs, in the empty corner: below the points on the left, unless more of them lie there than above on the right.
  const legend = (add, places, { kinds, frame, dots, isPhone, isTargeted, y, first }) => {
    if (kinds.length < 2) return;
    const names = kinds.map((kind) => (isPhone ? SHORT_KINDS : KINDS)[kind]);
    const box = { w: Math.max(...names.map((name) => CL.measure(name, 13))) + 24, h: kinds.length * 18 + 4 };
    const bottom = isTargeted ? y(first.error) - 26 : frame.bottom - 50;
    const tries = [{ x: frame.left + 6, y: bottom - box.h }, { x: frame.right - box.w - 6, y: frame.top + 40 }, { x: frame.left + 6, y: frame.top + 6 }].map((one) => ({ ...box, ...one }));
    const best = tries.filter(places.isFree).sort((a, b) => places.inside(a, dots) - places.inside(b, dots))[0] ?? tries[0];
    places.take(best);
    kinds.forEach((kind, at) => {
      add(shape(kind, [[best.x + 6, best.y + 12 + at * 18]], 3.4, 1));
      add(CL.text(best.x + 18, best.y + 16.5 + at * 18, names[at], { class: "quiet", size: 13 }));
    });
  };

  // The name of each line on the line, where it meets nothing.
  const nameLines = (add, places, { lines, steps, x, y, frame, dots, edge }) => {
    lines.forEach((line) => {
      const xs = steps(line), wide = CL.measure(line.form, 14, 600);
      const other = lines.find((one) => one !== line);
      for (const part of [0.73, 0.67, 0.8, 0.6, 0.87, 0.55, 0.93, 0.33, 0.17]) {
        const step = Math.round(part * LAST);
        if (line.error[step] === null || line.error[step] >= 1) continue;
        const [px, py] = [x(xs[step]), y(line.error[step])];
        const isUpper = !other || (other.error[step] ?? 1) <= line.error[step];
        const tries = isUpper ? [[px + 4, py - 9, "start"], [px - 6, py + 20, "end"]] : [[px - 6, py + 18, "end"], [px - 4, py + 26, "end"], [px + 4, py - 9, "start"]];
        for (const [tx, ty, anchor] of tries) {
          const box = { x: anchor === "end" ? tx - wide : tx, y: ty - 13, w: wide, h: 16 };
          if (!places.isFree(box) || places.inside(box, dots) || box.y + box.h > frame.bottom) continue;
          places.take(box);
          add(CL.text(tx, ty, line.form, { "text-anchor": anchor, "font-weight": 600, style: `fill:var(${COLOURS[line.form][1]})` }));
          return;
        }
      }
    });
  };

  const describe = (set, place) => [
    CL.html("b", {}, of(place, "landmark_label") ?? of(place, "label")), CL.html("br"),
    `${CL.percent(of(place, "error"))} error, `, ...CL.nodes(CL.scientific(of(place, "log10") + set.shift)), " FLOP", CL.html("br"),
    ...(of(place, "paper_title") ? [of(place, "paper_title"), of(place, "year") ? ` (${of(place, "year")})` : "", CL.html("br")] : of(place, "year") ? [`${of(place, "year")}`, CL.html("br")] : []),
    ...(of(place, "hardware") ? [of(place, "hardware"), CL.html("br")] : []),
    CL.html("span", {}, `${of(place, "source")}, ${of(place, "locator") ?? of(place, "page")}`),
  ];

  // --- the sentence below: what is chosen, in bold, then what follows
  const say = () => {
    const set = setOf(), lines = linesOf(set);
    const lead = lines.find((line) => line.form === "polynomial") ?? lines[0];
    const chosen = set.row_set === "current" ? (set.selection === "all" ? "All" : CL.capital(word(set.selection)) + ":") : CL.capital(word(set.row_set)) + ":";
    const trace = (text) => lead ? CL.traced("marts.scaling", CL.lineKey(set, lead), text) : CL.html("span", {}, ...CL.nodes(text));
    const papers = set.n_papers ? [" from ", trace(CL.many(set.n_papers, "paper"))] : [];
    const parts = [CL.html("b", {}, `${chosen} `, trace(CL.many(set.n, set.selection === "one_per_training" ? "training" : "point")), ...papers, `, ${word(set.compute_measure)}, ${state.fitted === "ols" ? "least squares" : (FITTED[state.fitted] ?? state.fitted).toLowerCase()}.`), " "];
    if (!lead) parts.push("No line is fitted to so few points; choose others, or another measure.");
    else {
      if (lead.exponent && lead.exponent > 0) {
        parts.push("Computation rises with the power ", trace(CL.decimal(lead.exponent)), lead.form === "polynomial" ? " of performance" : " of what error is left above the floor");
        parts.push(...(lead.exponent_low === null ? [" (no interval, " + (lead.status === "selected_no_interval" ? "since the points were chosen by their error)" : "since the estimator has none)")] : [` (${CL.percent(page.level)} interval `, trace(CL.interval(lead.exponent_low, lead.exponent_high)), ")"]));
        if (lead.halving_factor !== null && lead.halving_factor !== undefined) {
          const times = (value) => value === null ? "∞" : value < 1e9 ? CL.rounded(value) : CL.power(Math.log10(value), 0);
          parts.push(", so half the error takes ", trace(times(lead.halving_factor)), " times the computation");
          if (lead.halving_factor_low !== null) parts.push(" (", trace([times(lead.halving_factor_low), "\u2009–\u2009", times(lead.halving_factor_high)]), ")");
        }
        parts.push(". ");
      } else parts.push("Computation does not rise with performance by this line. ");
      const told = lines.map((line) => [line, line.targets.find((one) => one.target === "target_1")]).filter(([, one]) => one?.log10 != null);
      if (told.length) parts.push(`For ${CL.percent(told[0][1].error)} error `);
      told.forEach(([line, one], at) => {
        const method = { ols_cluster: "cluster", nls: "nls" }[line.estimator] ?? (line.direction === "x_on_y" ? "x_on_y" : "y_on_x");
        const value = CL.power(one.log10);
        const isTold = ["ols", "x_on_y"].includes(state.fitted);
        parts.push(at ? "; the " : "the ", `${line.form} form gives `, isTold ? CL.traced("marts.projections", { row_set: set.row_set, benchmark: set.benchmark, metric: set.metric, compute_measure: set.compute_measure, form: line.form, method, selection: set.selection, target: one.target }, value) : CL.html("span", {}, ...CL.nodes(value)), " FLOP");
        parts.push(one.status === "ok" ? (one.ranges_beyond ? `, ${CL.decimal(one.ranges_beyond)} data ranges beyond the largest training` : ", among the points") : one.status === "extrapolation_unsupported" ? ", which the points do not support" : one.status === "slope_not_different_from_0" ? ", and the slope may be 0" : `, with the status “${one.status.replaceAll("_", " ")}”`);
      });
      if (told.length) parts.push(".");
      if (lead.drift) parts.push(` ${lead.drift}`);
      if (lead.rests_on_few) parts.push(` The line rests on ${lead.rests_on_few}.`);
    }
    document.getElementById("said").replaceChildren(...parts);
  };
  const title = () => {
    const set = setOf(), line = linesOf(set).find((one) => one.form === "polynomial");
    const factor = line?.halving_factor;
    const head = document.querySelector("h1");
    if (factor && line.exponent_interval !== "unbounded") head.replaceChildren(...CL.nodes([`Each halving of ${page.title}’s error has taken about `, factor < 1e9 ? CL.rounded(factor) : CL.power(Math.log10(factor), 0), " times the computation"]));
    else if (!line && linesOf(set).length) head.textContent = `${page.title}’s error against computation, with the ${linesOf(set)[0].form} form`;
    else head.textContent = `How much computation lower error takes on ${page.title} cannot be told from these points`;
  };

  // --- the table of points
  const body = document.querySelector("#points tbody");
  const find = document.getElementById("find");
  const more = document.getElementById("more");
  const FEW = 12;
  let isAll = false;
  const rowOf = (set, place) => {
    const computation = of(place, "log10") + set.shift;
    const source = of(place, "address");
    const point = (text) => CL.traced("fits.points", { row_set: set.row_set, benchmark: set.benchmark, metric: set.metric, compute_measure: set.compute_measure, result_id: of(place, "point") }, text);
    return CL.html("tr", {},
      CL.html("td", {}, of(place, "label")),
      CL.html("td", { class: "r", "data-value": of(place, "error") }, point(CL.decimal(of(place, "error") * 100, 2))),
      CL.html("td", { class: "r", "data-value": computation }, point(CL.scientific(computation))),
      CL.html("td", { class: "r" }, of(place, "year") === null ? "–" : point(String(of(place, "year")))),
      CL.html("td", { class: "not-phone" }, source ? CL.html("a", { href: source, rel: "noreferrer", title: of(place, "paper_title") ?? "" }, of(place, "source")) : of(place, "source")),
      CL.html("td", {}, of(place, "row_address") ? CL.html("a", { href: of(place, "row_address"), rel: "noreferrer" }, of(place, "locator") ?? "page") : of(place, "locator") ?? "–"));
  };
  let order = null;
  const fill = () => {
    const set = setOf();
    const wanted = find.value.trim().toLowerCase();
    const kept = (order ?? set.points).filter((place) => !wanted || `${of(place, "label")} ${of(place, "paper_title") ?? ""} ${of(place, "source")}`.toLowerCase().includes(wanted));
    const shown = isAll ? kept : kept.slice(0, FEW);
    body.replaceChildren(...shown.map((place) => rowOf(set, place)));
    if (!kept.length) body.append(CL.html("tr", {}, CL.html("td", { colspan: 6, class: "muted" }, "No model has that name; try a part of it.")));
    more.hidden = kept.length <= FEW;
    more.textContent = isAll ? "Show fewer" : `Show all ${CL.whole(kept.length)}`;
  };
  const KEYS = [(place) => of(place, "label").toLowerCase(), (place) => of(place, "error"), (place) => of(place, "log10"), (place) => of(place, "year"), (place) => of(place, "source"), (place) => of(place, "locator")];
  const heads = [...document.querySelectorAll("#points thead th")];
  heads.forEach((head, at) => {
    const button = CL.html("button", { type: "button", class: "sort" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const isDown = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      const sign = isDown ? -1 : 1;
      order = [...setOf().points].sort((a, b) => {
        const [one, two] = [KEYS[at](a), KEYS[at](b)];
        if (one === null || two === null) return (one === null) - (two === null);
        return sign * (typeof one === "number" ? one - two : String(one).localeCompare(String(two), "en", { numeric: true }));
      });
      fill();
    });
  });
  find.addEventListener("input", fill);
  more.addEventListener("click", () => { isAll = !isAll; fill(); });

  const update = (isChange) => {
    settleAll();
    if (isChange) { CL.keep(state); title(); }
    order = null;
    heads.forEach((head, at) => at === 1 ? head.setAttribute("aria-sort", "ascending") : head.removeAttribute("aria-sort"));
    say();
    fill();
    redraw?.();
    document.dispatchEvent(new CustomEvent("chosen", { detail: { ...state } }));
  };
  Object.assign(state, { form: "both", fitted: "ols" }, CL.kept());
  document.getElementById("controls").append(...Object.entries(controls).flatMap(([name, one]) => name === "metric" && isOne ? [] : one.elements));
  update(Object.keys(CL.kept()).length > 0);
  redraw = CL.drawn(chart, draw);
})();
