// Growth over time: a series of models or processors, an era, and which points the line goes through.
(() => {
  const data = CL.data("grown");
  const state = { ...data.chosen, ...CL.kept() };
  const chart = document.getElementById("plot");
  const word = (code) => CL.capital(data.words[code] ?? code.replaceAll("_", " "));
  const unique = (values) => [...new Set(values)];
  const RULES = data.growth_rules;
  const isProcessor = () => data.processors.includes(state.series);
  const line = () => data.lines.find((one) => one.series === state.series && one.era === state.era && one.rule === state.rule);
  const quantity = () => data.lines.find((one) => one.series === state.series)?.quantity ?? "";
  const nameOfY = () => data.axes[quantity()] ?? CL.capital(word(quantity()));

  const draw = (width) => {
    const { points: every, pages } = data.points[state.series];
    const chosen = line();
    const isWithin = (year) => state.era === "all_years" || !chosen.first_released_on || (year >= CL.yearOf(chosen.first_released_on) - 0.01 && year <= CL.yearOf(chosen.last_released_on) + 0.01);
    const points = every.filter((point) => isWithin(point[1]));
    const lines = [];
    if (chosen && chosen.slope !== null) {
      const ends = [chosen.first_released_on, chosen.last_released_on].map(CL.yearOf);
      lines.push({ name: `${CL.decimal(chosen.growth_per_year, 1)} times a year`, colour: "--accent", at: ends.map((year) => [year, chosen.intercept + chosen.slope * (year - 2000)]) });
    }
    CL.xy(chart, width, {
      label: `${word(state.series)} over time`, x: { kind: "year", name: "Released" }, y: { kind: "power", name: nameOfY() },
      points: points.map((point) => [point[1], point[2]]), lines,
      describe: (at) => { const [name, year, value, page, locator] = points[at]; return [CL.html("b", {}, name), CL.html("br"), ...CL.nodes(CL.scientific(value)), ` ${nameOfY().split(", ").slice(1).join(", ")}, ${Math.floor(year)}`.replace(" ,", ","), CL.html("br"), CL.html("span", {}, `${page} ${locator ?? ""}`)]; },
      open: (at) => CL.open(pages[points[at][3]]),
    });
  };
  let again = null;
  const change = (name) => (value) => { state[name] = value; update(); CL.keep(state); };
  const controls = Object.fromEntries([["series", "Series", true], ["era", "Era", false], ["rule", "Points", false]].map(([name, label, whole]) => [name, CL.choice({ name, label, whole, change: change(name) })]));
  const settle = (name, options) => {
    if (!options.some(([code]) => code === state[name])) state[name] = options.find(([code]) => code === data.chosen[name])?.[0] ?? options[0][0];
    controls[name].set(options, state[name]);
  };
  const update = () => {
    settle("series", unique(data.lines.map((one) => one.series)).filter((one) => data.points[one]).map((one) => [one, word(one)]));
    const series = data.lines.filter((one) => one.series === state.series);
    settle("era", unique(series.map((one) => one.era)).map((one) => [one, word(one)]));
    settle("rule", series.filter((one) => one.era === state.era).map((one) => [one.rule, RULES[one.rule] ?? word(one.rule)]));
    const chosen = line();
    const trace = (text) => CL.traced(`marts.${isProcessor() ? "hardware" : "compute"}_growth`, { series: state.series, era: state.era, rule: state.rule }, text);
    const parts = [CL.html("b", {}, `${word(state.series)}, ${state.era.replaceAll("_", " ")}, ${(RULES[state.rule] ?? state.rule).toLowerCase()}: `, trace(CL.many(chosen.n, "point")), "."), " "];
    if (chosen.growth_per_year === null) parts.push("Too few for a line.");
    else {
      const isComputation = quantity() === "training_compute" && chosen.growth_per_year > 1;
      parts.push(isComputation ? "Computation has grown " : chosen.growth_per_year > 1 ? "It has grown " : "It goes to ", trace(CL.decimal(chosen.growth_per_year, 2)), chosen.growth_per_year > 1 ? " times a year" : " of what it was in a year");
      parts.push(...(chosen.growth_per_year_low === null ? [" (no interval: what a rule picks only describes)"] : [` (${CL.percent(data.level)} interval `, trace(CL.interval(chosen.growth_per_year_low, chosen.growth_per_year_high, 2)), ")"]));
      if (chosen.growth_per_year > 1) parts.push(", so it doubles in ", trace(CL.decimal(chosen.doubling_time_month)), " months.");
    }
    document.getElementById("said").replaceChildren(...parts);
    again?.();
  };
  document.getElementById("controls").append(...Object.values(controls).flatMap((one) => one.elements));
  update();
  again = CL.drawn(chart, draw);
})();
