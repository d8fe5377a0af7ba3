// Scores in their own metric, by the computation behind them where that is known, or by year.
(() => {
  const data = CL.data("scored"), chart = document.getElementById("plot");
  const PLACES = { computation: 4, year: 3 };
  const of = (by) => data.scores.filter((score) => score[PLACES[by]] !== null);
  // Fewer than three points with computation are no plot.
  const known = Object.keys(PLACES).filter((by) => of(by).length > 2);
  const state = { by: known[0], ...CL.kept() };
  if (!known.length) { chart.remove(); return; }
  const told = (value) => data.axes.y.kind === "number" ? CL.whole(value) : String(Number(value.toPrecision(4)));
  const draw = (width) => {
    const points = of(state.by), isSure = data.line?.is_sure;
    CL.xy(chart, width, {
      label: `${data.title}: ${data.axes.y.name} by ${state.by}`, x: data.axes[state.by], y: data.axes.y,
      points: points.map((score) => [score[PLACES[state.by]], score[2]]),
      lines: data.line && state.by === "computation" ? [{ colour: "--accent", at: data.line.at, dashed: !isSure }] : [],
      describe: (at) => { const [name, value, , year, log10] = points[at]; return [CL.html("b", {}, name ?? "A program that is not named"), CL.html("br"), `${data.axes.y.name.split(",")[0]} ${told(value)}`, ...(year ? [`, ${Math.floor(year)}`] : []), ...(log10 === null ? [] : [CL.html("br"), ...CL.nodes(CL.scientific(log10)), ` ${data.axes.computation.name.split(", ").at(-1)}`])]; },
      open: (at) => CL.open(points[at][5]),
    });
  };
  let again = null;
  const control = CL.choice({ name: "by", label: "Against", buttons: true, whole: true, change: (value) => { state.by = value; update(); CL.keep(state); } });
  const update = () => {
    if (!known.includes(state.by)) [state.by] = known;
    control.set(known.map((by) => [by, by === "year" ? "Year" : data.axes.computation.name.split(",")[0]]), state.by);
    again?.();
  };
  if (known.length > 1) document.getElementById("controls").append(...control.elements);
  update();
  again = CL.drawn(chart, draw);
})();
