// The simulation: performance of each model by observations or by computation, in a setting that is chosen.
(() => {
  const data = CL.data("simulated").curves;
  const state = { setting: "base", by: "observations", ...CL.kept() };
  const chart = document.getElementById("plot");
  const COLOURS = { oracle: ["--ink", "--ink"], expert: ["--third", "--third"], regularised: ["--accent", "--accent"], flexible: ["--second", "--second-text"] };
  const word = (code) => CL.capital(code.replaceAll("_", " "));
  const unique = (values) => [...new Set(values)];
  const draw = (width) => {
    const rows = data.filter((row) => row.setting === state.setting);
    const x = (row) => state.by === "observations" ? Math.log10(row.n_observations) : row.log10_flop;
    const models = unique(rows.map((row) => row.model)).sort((a, b) => Object.keys(COLOURS).indexOf(a) - Object.keys(COLOURS).indexOf(b));
    const lines = models.map((model) => {
      const [colour, ink] = COLOURS[model] ?? ["--points", "--muted"];
      const at = rows.filter((row) => row.model === model).map((row) => [x(row), row.log10_performance]).sort((a, b) => a[0] - b[0]);
      return { name: model.replaceAll("_", " "), colour, ink, at, dots: true };
    });
    CL.xy(chart, width, {
      label: `Performance by ${state.by}, setting ${state.setting}`,
      x: { kind: "power", name: state.by === "observations" ? "Observations" : "Computation of one fit, FLOP" }, y: { kind: "power", name: "Performance, 1 / excess error" },
      points: [], lines,
    });
  };
  let again = null;
  const change = (name) => (value) => { state[name] = value; update(); CL.keep(state); };
  const controls = {
    setting: CL.choice({ name: "setting", label: "Setting", whole: true, change: change("setting") }),
    by: CL.choice({ name: "by", label: "Against", buttons: true, whole: true, change: change("by") }),
  };
  const update = () => {
    const settings = unique(data.map((row) => row.setting));
    if (!settings.includes(state.setting)) [state.setting] = settings;
    controls.setting.set(settings.map((setting) => [setting, setting === "base" ? "As the paper has it" : word(setting)]), state.setting);
    if (!["observations", "computation"].includes(state.by)) state.by = "observations";
    controls.by.set([["observations", "Observations"], ["computation", "Computation"]], state.by);
    again?.();
  };
  document.getElementById("controls").append(...Object.values(controls).flatMap((one) => one.elements));
  update();
  again = CL.drawn(chart, draw);
})();
