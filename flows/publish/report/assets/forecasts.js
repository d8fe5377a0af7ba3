// Later results against a published line: what it predicted for their computation, and what they achieved.
(() => {
  const data = CL.data("held");
  const word = (code) => data.words[code] ?? code.replaceAll("_", " ");
  const chart = document.getElementById("plot");
  const keys = [...new Set(data.later.map(([key]) => key))];
  const most = (wanted) => keys.filter((key) => key.includes(wanted)).sort((a, b) => data.later.filter(([k]) => k === b).length - data.later.filter(([k]) => k === a).length)[0];
  const state = { line: most("paper_v1/imagenet") ?? most("paper_v1") ?? keys[0], ...CL.kept() };
  if (!keys.length) { chart.append(CL.html("p", { class: "muted" }, "No result has come out since the published lines.")); return; }
  const rows = () => data.later.filter(([key]) => key === state.line);
  const name = (key) => { const [set, benchmark, metric, measure, form] = key.split("/"); return `${CL.capital(word(set))}: ${data.titles[benchmark] ?? benchmark} ${word(metric)}, ${word(measure)}, ${form}`; };
  const draw = (width) => {
    const later = rows();
    CL.xy(chart, width, {
      label: "Achieved error against predicted error", diagonal: true,
      x: { kind: "percent", name: "Error that the line predicts for the computation" }, y: { kind: "percent", name: "Error achieved" },
      points: later.map((row) => [Math.log10(row[3]), Math.log10(row[4])]), lines: [],
      describe: (at) => { const [, model, day, predicted, achieved, isHeld] = later[at]; return [CL.html("b", {}, model), CL.html("br"), `${CL.percent(achieved)} achieved, ${CL.percent(predicted)} predicted`, CL.html("br"), CL.html("span", {}, `${day}, ${isHeld ? "within" : "outside"} the interval`)]; },
    });
  };
  let again = null;
  const control = CL.choice({ name: "line", label: "Published line", whole: true, change: (value) => { state.line = value; update(); CL.keep(state); } });
  const update = () => {
    if (!keys.includes(state.line)) [state.line] = keys;
    control.set(keys.map((key) => [key, name(key)]), state.line);
    const later = rows(), held = later.filter((row) => row[5]).length, below = later.filter((row) => row[4] < row[3]).length;
    const [row_set, benchmark, metric, compute_measure, form] = state.line.split("/");
    const trace = (text) => CL.traced("marts.backtest_coverage", { row_set, benchmark, metric, compute_measure, form }, text);
    document.getElementById("said").replaceChildren(CL.html("b", {}, `${name(state.line)}.`), " Of ", trace(CL.many(later.length, "later result")), " the interval holds ", trace(CL.whole(held)), "; ", trace(CL.whole(below)), " did better than predicted (below the dotted line), ", trace(CL.whole(later.length - below)), " worse.");
    again?.();
  };
  document.getElementById("controls").append(...control.elements);
  update();
  again = CL.drawn(chart, draw);
})();
