// What an error would cost. The line, the prices and the factors are the warehouse's; what is chosen is put together here.
//
// Medians are exact. Intervals come from draws: of the line so that its interval is the warehouse's, of ranges triangular on the
// logarithm and of the prices observed, as `compute-limits cost` has them; but evenly spread, so that a choice always gives the same.
(() => {
  const data = CL.data("explored");
  const N = 4000, HOURS_PER_YEAR = 8766, DECLARED = "declared", OWN = "own";
  const $ = (id) => document.getElementById(id);
  const slider = $("error"), track = $("track");
  const log10 = Math.log10;
  const state = { benchmark: data.benchmarks[0].benchmark + "/" + data.benchmarks[0].metric, hardware: "h100_2026", region: "FRA", year: DECLARED, error: null };
  const imagenet = data.benchmarks.find((one) => one.benchmark === "imagenet");
  if (imagenet) state.benchmark = `imagenet/${imagenet.metric}`;

  // --- numbers
  const magnitude = (value, units) => {
    const [size, name] = [...units].reverse().find(([size]) => value >= size * 0.9995) ?? units[0];
    return [CL.rounded(value / size), name];
  };
  const GRAMS = [[1e3, "kg"], [1e6, "t"], [1e9, "kt"], [1e12, "Mt"], [1e15, "Gt"]], WATT_HOURS = [[1e3, "kWh"], [1e6, "MWh"], [1e9, "GWh"], [1e12, "TWh"]];
  const amount = (log, units) => {
    if (!Number.isFinite(log)) return ["∞", ""];
    const largest = units.at(-1);
    if (log - log10(largest[0]) >= 6) return [CL.scientific(log - log10(largest[0])), largest[1]];
    return magnitude(10 ** log, units);
  };
  const money = (log) => !Number.isFinite(log) ? "∞" : log >= 15 ? CL.scientific(log) : CL.rounded(10 ** log);
  const nodes = CL.nodes;
  const spaced = ([number, unit]) => [number, unit ? `\u202f${unit}` : ""];

  // --- the line
  const RESPONSE = { polynomial: (error) => -log10(error), exponential: (error) => 1 / error };
  const at = (line, error, column) => {
    const response = RESPONSE[line.form];
    const wanted = response(error);
    let step = line.error.findIndex((one) => response(one) >= wanted);
    if (step < 0) step = line.error.length - 1;
    if (step === 0) step = 1;
    const [before, after] = [response(line.error[step - 1]), response(line.error[step])];
    const [low, high] = [line[column][step - 1], line[column][step]];
    return low === null || high === null ? null : low + ((wanted - before) / (after - before)) * (high - low);
  };

  // --- draws: evenly spread over (0, 1), each factor in an order of its own (multiples of roots of primes)
  const even = Array.from({ length: N }, (_, i) => (i + 0.5) / N);
  const roots = [2, 3, 5, 7].map(Math.sqrt);
  const orders = roots.map((root) => even.map((_, i) => ((i + 1) * root) % 1));
  // Quantiles of the standard normal, by Newton's steps on its distribution (Abramowitz and Stegun 7.1.26, to 1.5e-7).
  const erf = (x) => {
    const t = 1 / (1 + 0.3275911 * Math.abs(x));
    const y = 1 - ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
    return x < 0 ? -y : y;
  };
  const normal = even.map((p) => {
    let z = 0;
    for (let i = 0; i < 60; i += 1) z -= Math.max(-0.8, Math.min(0.8, (0.5 * (1 + erf(z / Math.SQRT2)) - p) / (Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI))));
    return z;
  });
  const zEnd = normal[Math.floor(((1 + data.level) / 2) * N)];
  const ofLine = (middle, low, high) => normal.map((z) => z < 0
    ? (low === null ? -Infinity : middle + (z / zEnd) * (middle - low))
    : (high === null ? (z >= zEnd ? Infinity : middle + z) : middle + (z / zEnd) * (high - middle)));
  const triangular = (factor, order) => {
    const [a, c, b] = [factor.low, factor.value, factor.high].map(log10);
    if (a === b) return null;
    return order.map((u) => (u < (c - a) / (b - a) ? a + Math.sqrt(u * (b - a) * (c - a)) : b - Math.sqrt((1 - u) * (b - a) * (b - c))) - c);
  };
  const observed = (prices, middle, order) => prices.length < 2 ? null : (() => {
    const logs = [...prices].sort((a, b) => a - b).map(log10);
    return order.map((u) => logs[Math.floor(u * logs.length)] - middle);
  })();
  const sum = (...parts) => even.map((_, i) => parts.reduce((total, part) => total + (part ? part[i] : 0), 0));
  const interval = (draws) => {
    const sorted = [...draws].sort((a, b) => a - b);
    return [sorted[Math.floor(((1 - data.level) / 2) * (N - 1))], sorted[Math.ceil(((1 + data.level) / 2) * (N - 1))]];
  };
  const shares = (parts, total, [low, high]) => {
    const inside = even.map((_, i) => i).filter((i) => total[i] >= low && total[i] <= high && Number.isFinite(total[i]));
    const mean = inside.reduce((s, i) => s + total[i], 0) / inside.length;
    const variance = inside.reduce((s, i) => s + (total[i] - mean) ** 2, 0);
    return parts.map((part) => part && variance ? inside.reduce((s, i) => s + part[i] * (total[i] - mean), 0) / variance : 0);
  };

  // --- what is chosen, priced
  const benchmark = () => data.benchmarks.find((one) => `${one.benchmark}/${one.metric}` === state.benchmark);
  const scenario = () => data.scenarios.find((one) => one.scenario === state.hardware);
  const leading = (lines) => lines.find((line) => line.is_leading) ?? lines[0];
  // What an hour costs in the year that is chosen: as the scenario has it, or by the prices of that year; null where there are none.
  const median = (sorted) => { const half = sorted.length / 2; return sorted.length % 2 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2; };
  const priceOf = (known, year) => {
    const declared = known.factors.price, of = known.years[year];
    if (year === DECLARED) return { ...declared, prices: known.prices, trace: ["marts.cost_factors", { scenario: known.scenario, region: declared.region, factor: "price" }] };
    if (!of) return null;
    return { value: median(of.prices), low: of.prices[0], high: of.prices.at(-1), unit: "USD/h", prices: of.prices, as_of: of.last_on, source: of.source, source_url: of.source_url, note: `median, lowest and highest of ${of.prices.length} prices, ${of.first_on} to ${of.last_on}`, trace: ["core.listed_prices", { scenario: known.scenario, year }] };
  };
  const priced = (line, known, isPeak, error, carbon, hourly) => {
    const f = known.factors;
    const flop = at(line, error, "log10_flop"), low = at(line, error, "low"), high = at(line, error, "high");
    const utilisation = isPeak ? null : triangular(f.utilisation, orders[1]);
    const idle = utilisation?.map((one) => -one) ?? null;
    const rate = isPeak ? f.burden_rate.value : f.rate.value * f.utilisation.value;
    const hours = flop - log10(rate) - log10(3600);
    const price = hourly ? log10(hourly.value) : null;
    const kw = log10(f.power.value) + log10(f.draw_fraction.value) + log10(f.pue.value);
    const fit = ofLine(flop, low, high).map((one) => one - flop);
    const drawn = { fit, idle, price: hourly && observed(hourly.prices, price, orders[0]), draw: triangular(f.draw_fraction, orders[2]), pue: triangular(f.pue, orders[3]) };
    const usd = sum(drawn.fit, drawn.idle, drawn.price), power = sum(drawn.fit, drawn.idle, drawn.draw, drawn.pue);
    const ends = (draws, middle) => interval(draws).map((one) => one + middle);
    const usdEnds = interval(usd);
    return {
      flop, flopEnds: [low, high], hours, hoursEnds: ends(sum(drawn.fit, drawn.idle), hours),
      usd: hourly ? hours + price : null, usdEnds: hourly ? usdEnds.map((one) => one + hours + price) : null,
      kwh: hours + kw, kwhEnds: ends(power, hours + kw),
      kg: carbon ? hours + kw + log10(carbon / 1000) : null, kgEnds: carbon ? ends(power, hours + kw + log10(carbon / 1000)) : null,
      shares: shares([drawn.fit, drawn.idle, drawn.price], usd, usdEnds), rate,
    };
  };

  // --- the slider: position 0 is the worst error of any point, 1000 the lowest target, even on the logarithm
  const range = () => { const line = leading(benchmark().lines); return [line.error[0], Math.min(line.error.at(-1), line.error_best)]; };
  const place = (error) => { const [from, to] = range(); return log10(error / from) / log10(to / from); };
  const errorAt = (part) => { const [from, to] = range(); return Number((from * (to / from) ** part).toPrecision(2)); };
  const supportedUntil = (line) => {
    const best = line.error.findIndex((one) => one <= line.error_best);
    const beyond = line.ranges_beyond.findIndex((one, step) => step >= best && one > data.supported_ranges);
    if (beyond < 0) return line.error.at(-1);
    const [a, b] = [line.ranges_beyond[beyond - 1], line.ranges_beyond[beyond]];
    const part = (data.supported_ranges - a) / (b - a);
    return line.error[beyond - 1] * (line.error[beyond] / line.error[beyond - 1]) ** part;
  };
  const paintTrack = () => {
    track.querySelectorAll(".part, .label, .at").forEach((one) => one.remove());
    const line = leading(benchmark().lines);
    const width = track.clientWidth, knob = 13, x = (part) => knob + Math.max(0, Math.min(1, part)) * (width - 2 * knob);
    const best = place(line.error_best), until = Math.max(place(supportedUntil(line)), best);
    const parts = [[0, best, "var(--accent)", "reached by published models", "reached"], [best, until, "var(--bar-2)", "extrapolated", "extrapolated"], [until, 1, "var(--rule)", "beyond what the points support", "beyond"]];
    let last = -Infinity;
    for (const [from, to, colour, name, short] of parts) {
      if (x(to) - x(from) < 1) continue;
      const left = from === 0 ? 0 : x(from), right = to === 1 ? width : x(to);
      track.append(CL.html("span", { class: "part", style: `left:${left}px;width:${right - left}px;background:${colour};${from === 0 ? "border-radius:3px 0 0 3px;" : ""}${to === 1 ? "border-radius:0 3px 3px 0" : ""}` }));
      const told = [name, short].find((one) => CL.measure(one, 13) + 8 < right - left);
      if (told && left > last) { track.append(CL.html("span", { class: "label", style: `left:${left}px;top:0` }, told)); last = left + CL.measure(told, 13) + 8; }
    }
    const targets = benchmark().targets.map((one) => one.error);
    const known = [[line.error_best, `${CL.percent(line.error_best)} best`], ...targets.map((one) => [one, CL.percent(one)]), ...[0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01].map((one) => [one, CL.percent(one)])];
    const taken = [];
    for (const [error, text] of known) {
      const part = place(error), half = CL.measure(text, 13) / 2;
      if (part < -0.001 || part > 1.001) continue;
      const middle = Math.min(Math.max(x(part), half), width - half);
      if (taken.some(([m, h]) => Math.abs(m - middle) < h + half + 14)) continue;
      taken.push([middle, half]);
      track.append(CL.html("span", { class: "at", style: `left:${middle}px` }, text));
    }
  };

  // --- telling
  const source = (factor, name) => factor.source_url ? CL.html("a", { href: factor.source_url, rel: "noreferrer", title: factor.source }, name) : CL.html("a", { href: "#sources", title: factor.source }, name);
  const row = (name, under, value, told, isSum = false) => CL.html("tr", isSum ? { class: "sum" } : {},
    CL.html("td", {}, name, under ? CL.html("small", {}, under) : ""),
    CL.html("td", { class: "r" }, CL.html("b", {}, ...[value].flat(9).map((part) => part instanceof Node ? part : CL.nodes(part)).flat()), CL.html("small", {}, ...CL.nodes(told))));
  const range2 = (low, high, unit) => `${CL.rounded(low, 3)}\u2009–\u2009${CL.rounded(high, 3)}${unit ? `\u202f${unit}` : ""}`;
  const between = (ends, tell) => [tell(ends[0]), "\u2009–\u2009", tell(ends[1])].flat(9);
  // As core.scenarios has it: of the year, else the newest before it, else the earliest after it; what a scenario states goes first.
  const carbonOf = (known) => {
    const region = data.regions.find((one) => one.region === state.region);
    const declared = state.year === DECLARED ? known.carbon[region.region] : null;
    if (declared) return { ...declared, region, wanted: known.electricity_year, trace: ["marts.cost_factors", { scenario: known.scenario, region: region.region, factor: "carbon_intensity" }] };
    const wanted = state.year === DECLARED ? known.electricity_year : Number(state.year);
    const place = Math.max(region.years.findLastIndex((one) => one <= wanted), 0);
    return { region, year: region.years[place], g: region.g_per_kwh[place], wanted, source: data.intensity.source, source_url: data.intensity.source_url, trace: ["core.carbon_intensities", { region_code: region.region, year: region.years[place] }] };
  };
  const processorName = (known) => (known.processor ?? "P100 of the paper").replace(/^NVIDIA (Tesla )?/, "").replace(/ (SXM\d?|PCIe).*$/, "");

  const nearest = (line) => line.error.reduce((best, one, step) => Math.abs(log10(one / state.error)) < Math.abs(log10(line.error[best] / state.error)) ? step : best, 0);
  const factor = (known, name, parts) => CL.traced("marts.cost_factors", { scenario: known.scenario, region: known.factors[name].region, factor: name }, parts);
  const listed = (years) => years.length < 2 ? years.join("") : `${years.slice(0, -1).join(", ")} and ${years.at(-1)}`;

  const tell = () => {
    const chosen = benchmark(), known = scenario(), line = leading(chosen.lines), carbon = carbonOf(known), hourly = priceOf(known, state.year);
    const isPeak = chosen.measure !== "training_compute";
    const told = priced(line, known, isPeak, state.error, carbon.g, hourly);
    const f = known.factors;
    $("error-told").replaceChildren(CL.percent(state.error, state.error < 0.1 ? 1 : 0));
    slider.setAttribute("aria-valuetext", `${CL.percent(state.error)} error, ${$("error-told").textContent}`);
    if (hourly) {
      const isSure = told.usdEnds.every(Number.isFinite);
      $("usd").replaceChildren(...CL.nodes(money(told.usd)), CL.html("small", {}, " USD"));
      $("usd-interval").replaceChildren(CL.html("b", {}, ...CL.nodes(between(told.usdEnds, money))), CL.html("span", { class: "muted" }, `${` in ${CL.whole(100 * data.level)} of 100 draws`}${isSure ? "" : ": the line may not rise at all"}`));
    } else {
      // What nobody printed is not made up: the time, the electricity and the emissions are told without it.
      $("usd").replaceChildren("No price");
      $("usd-interval").replaceChildren(`No price of ${article(processorName(known))} in ${state.year} is known, so what it would cost is not told; ${Object.keys(known.years).length ? `there are prices of ${listed(Object.keys(known.years))}` : "the run of the paper has its price in the scenario as declared"}.`);
    }
    compare(told, known, carbon, chosen);
    strip(told, chosen);
    const [fit, idle, price] = told.shares.map((one) => Math.round(one * 100));
    $("spread").replaceChildren(...CL.nodes(!hourly ? [] : [
      fit >= 75 ? `The interval is almost all the line’s: ${fit}\u202f% of its spread is the fit` : `Of the interval’s spread ${fit}\u202f% is the fit`,
      price || hourly.prices.length > 1 ? `, ${price}\u202f% the price` : ", and the price is taken as known",
      isPeak ? ". Utilisation does not enter, since hardware burden counts the peak rate." : `, ${idle}\u202f% the utilisation.`,
      line.form === "polynomial" ? other(chosen, hourly) : "",
    ]));
    $("cost-chain").tBodies[0].replaceChildren(
      row("Error to reach", "", CL.percent(state.error, 1), `${chosen.title} ${word(chosen.metric)}`),
      row("Computation", CL.html("a", { href: chosen.page }, `${line.form} form, ${CL.many(line.n, "training")}`), CL.traced("marts.cost_lines", { row_set: "current", benchmark: chosen.benchmark, metric: chosen.metric, compute_measure: chosen.measure, form: line.form, step: nearest(line) }, [CL.scientific(told.flop), " FLOP"]), between(told.flopEnds, (one) => one === null ? "∞" : CL.power(one))),
      row("÷ rate of the processor", source(isPeak ? f.burden_rate : f.rate, "data sheet"), factor(known, isPeak ? "burden_rate" : "rate", [CL.scientific(log10(isPeak ? f.burden_rate.value : f.rate.value)), " FLOP/s"]), `${known.processor ?? "as the paper has it"}, peak${isPeak ? "" : " at half precision"}`),
      ...(isPeak ? [] : [row("÷ utilisation", source(f.utilisation, "as measured in trainings"), factor(known, "utilisation", CL.rounded(f.utilisation.value, 3)), range2(f.utilisation.low, f.utilisation.high))]),
      row("= time on one processor", "", [money(told.hours), "\u202fh"], ["100\u202f000 of them: ", time(told.hours - 5)], true),
      hourly ? row("× price", source(hourly, "prices observed"), CL.traced(...hourly.trace, `${CL.rounded(hourly.value, 3)}\u202fUSD/h`), `${hourly.low === hourly.high ? "" : `${range2(hourly.low, hourly.high)}; `}${hourly.prices.length > 1 ? `${hourly.prices.length} prices, ` : ""}to ${hourly.as_of}`) : row("× price", "", "–", `none of ${state.year}`),
      row("= cost", "", hourly ? [money(told.usd), "\u202fUSD"] : "–", hourly ? between(told.usdEnds, money) : "without a price", true));
    const watts = f.power.value * f.draw_fraction.value;
    $("emissions-chain").tBodies[0].replaceChildren(
      row("Time", "", [money(told.hours), "\u202fh"], "from the left"),
      row("× power drawn", source(f.draw_fraction, "measured systems"), factor(known, "draw_fraction", `${CL.rounded(watts, 3)}\u202fkW`), f.draw_fraction.low === f.draw_fraction.high ? f.power.note : `${CL.rounded(f.power.value)}\u202fkW × ${CL.rounded(f.draw_fraction.value)} (${range2(f.draw_fraction.low, f.draw_fraction.high)})`),
      row("× overhead of the hall", source(f.pue, "published PUE"), factor(known, "pue", CL.decimal(f.pue.value, 2)), f.pue.low === f.pue.high ? f.pue.note : range2(f.pue.low, f.pue.high)),
      row("= electricity", "", spaced(amount(told.kwh + 3, WATT_HOURS)), between(told.kwhEnds, (one) => spaced(amount(one + 3, WATT_HOURS))), true),
      row("× carbon", source(carbon, "carbon of electricity"), CL.traced(...carbon.trace, `${CL.rounded(carbon.g, 3)}\u202fg/kWh`), `${carbon.region.name} ${carbon.year}${carbon.year === carbon.wanted ? "" : `: there is none of ${carbon.wanted}`}`),
      row("= emissions", "", [...spaced(amount(told.kg + 3, GRAMS)), " CO", "₂"], between(told.kgEnds, (one) => spaced(amount(one + 3, GRAMS))), true));
    const declared = state.year === DECLARED ? `As declared in the scenario “${known.title}”` : `Prices and electricity of ${state.year}; utilisation, power drawn and overhead as in the scenario “${known.title}”`;
    $("made-of").textContent = `${CL.capital(line.form)} form, ${word(chosen.measure)}, ${word(line.selection)}. ${declared}.`;
    $("sources").tBodies[0].replaceChildren(...Object.entries({ ...f, price: hourly }).filter(([name, one]) => one && name !== "carbon_intensity").map(([name, one]) => CL.html("tr", {}, CL.html("td", {}, name.replaceAll("_", " ")), CL.html("td", { class: "r" }, CL.traced(...(one.trace ?? ["marts.cost_factors", { scenario: known.scenario, region: one.region, factor: name }]), [CL.rounded(one.value, 3), one.unit === "1" ? "" : `\u202f${one.unit}`])), CL.html("td", { class: "wrap" }, one.note ?? "", CL.html("br"), one.source_url ? CL.html("a", { href: one.source_url, rel: "noreferrer" }, one.source ?? one.source_url) : one.source ?? "", one.as_of ? `, ${one.as_of}` : ""))));
    $("link").href = `#${new URLSearchParams(state)}`;
  };
  const word = (code) => data.words[code] ?? code.replaceAll("_", " ");
  const time = (log) => {
    const hours = 10 ** log;
    if (!Number.isFinite(hours) || log > 18) return [CL.scientific(log - log10(HOURS_PER_YEAR)), " years"];
    return hours < 48 ? `${CL.rounded(hours)} hours` : hours < HOURS_PER_YEAR ? `${CL.rounded(hours / 24)} days` : `${CL.rounded(hours / HOURS_PER_YEAR)} years`;
  };
  const article = (name) => `${/^[AH]\d|^[AEIO8]/.test(name) ? "an" : "a"} ${name}`;
  const other = (chosen, hourly) => {
    const line = chosen.lines.find((one) => one.form === "exponential");
    if (!line) return [];
    const flop = at(line, state.error, "log10_flop"), f = scenario().factors;
    const isPeak = chosen.measure !== "training_compute";
    const usd = flop - log10(isPeak ? f.burden_rate.value : f.rate.value * f.utilisation.value) - log10(3600) + log10(hourly.value);
    return [" By the exponential form it would be ", money(usd), "\u202fUSD."];
  };

  // What a person grasps: of several the one that is nearest in size.
  const compare = (told, known, carbon, chosen) => {
    const nearestOf = (measure, log) => data.comparisons.filter((one) => one.measure === measure && one.comparison !== "cluster_year")
      .sort((a, b) => Math.abs(a.log10_value - log) - Math.abs(b.log10_value - log))[0];
    const times = (one, log) => [CL.html("b", {}, ...nodes(ratio(log - one.log10_value)), " times "), CL.html("a", { href: one.source_url, rel: "noreferrer", title: one.source }, one.comparison === "largest_training" ? `the computation of ${one.label}` : one.label), one.comparison === "largest_training" ? ", the largest training known" : ""];
    const computation = nearestOf(chosen.measure, told.flop), electricity = nearestOf("electricity", told.kwh), emissions = nearestOf("emissions", told.kg);
    $("compared").replaceChildren(
      CL.html("p", {}, CL.html("b", {}, ...nodes(time(told.hours - 5))), ` of 100\u202f000 ${processorName(known)}s`, ...(computation ? ["; ", ...times(computation, told.flop)] : []), "."),
      CL.html("p", {}, CL.html("b", {}, ...nodes(spaced(amount(told.kwh + 3, WATT_HOURS)))), " of electricity", ...(electricity ? [", ", ...times(electricity, told.kwh)] : []), "."),
      CL.html("p", {}, CL.html("b", {}, ...nodes(spaced(amount(told.kg + 3, GRAMS)))), ` of CO₂ in ${carbon.region.name}`, ...(emissions ? [", ", ...times(emissions, told.kg)] : []), "."));
  };
  const ratio = (log) => log >= 15 || log < -6 ? CL.scientific(log) : CL.rounded(10 ** log);

  // --- the interval on a log scale, with what the published line and factors give
  let now = null;
  const drawStrip = (width) => {
    const { told, published } = now;
    if (told.usd === null) { $("strip").replaceChildren(); return; }
    const height = 70, axis = 34;
    const ends = told.usdEnds.map((one, at) => Number.isFinite(one) ? one : told.usd + (at ? 4 : -4));
    const known = published === null ? [...ends] : [...ends, published];
    const from = Math.floor(Math.min(...known) - 0.3), to = Math.ceil(Math.max(...known) + 0.3);
    const x = CL.scale(from, to, 0, width);
    const svg = CL.svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "The interval of the cost on a log scale, in US dollars; the table below has its numbers" });
    svg.append(CL.svg("path", { class: "tick", d: `M0 ${axis}H${width}` }));
    const ticks = CL.powersBetween(from, to, width, 110);
    ticks.forEach((power, place) => {
      const anchor = x(power) < 30 ? "start" : x(power) > width - 60 ? "end" : "middle";
      svg.append(CL.svg("path", { class: "tick", d: `M${x(power)} ${axis}v6` }), CL.text(x(power), axis + 23, [power >= 15 ? CL.power(power, 0) : CL.rounded(10 ** power, 1), place === ticks.length - 1 ? " USD" : ""], { class: "name", "text-anchor": anchor, size: 13 }));
    });
    svg.append(CL.svg("path", { d: `M${x(ends[0])} ${axis}H${x(ends[1])}`, stroke: "var(--accent)", "stroke-width": 6 }), CL.svg("path", { d: `M${x(told.usd)} ${axis - 9}v18`, stroke: "var(--accent)", "stroke-width": 2.6 }));
    if (!Number.isFinite(told.usdEnds[1])) svg.append(CL.svg("path", { d: `M${x(ends[1])} ${axis - 7}l10 7l-10 7z`, fill: "var(--accent)" }));
    if (published !== null) {
      const px = x(published);
      const fits = (text) => px + CL.measure(text, 13) + 16 < width || px - CL.measure(text, 13) - 16 > 0;
      const text = [["published line and factors, 2020: ", money(published)], ["published, 2020: ", money(published)], ["2020"]].map((one) => one.flat()).find(fits) ?? ["2020"];
      const isLeft = px + CL.measure(text, 13) + 16 > width;
      svg.append(CL.svg("path", { d: `M${px - 5} ${axis - 15}h10l-5 8z`, fill: "var(--muted)" }), CL.text(px + (isLeft ? -10 : 10), axis - 11, text, { class: "name", size: 13, "text-anchor": isLeft ? "end" : "start" }));
    }
    $("strip").replaceChildren(svg);
  };
  let redrawStrip = null;
  const strip = (told, chosen) => {
    const line = chosen.published.length ? leading(chosen.published) : null;
    const paper = data.scenarios.find((one) => one.scenario === "paper_2020");
    const isThere = line && paper && state.error <= line.error[0] && state.error >= line.error.at(-1);
    now = { told, published: isThere ? priced(line, paper, true, state.error, null, priceOf(paper, DECLARED)).usd : null };
    redrawStrip?.();
    redrawStrip ??= CL.drawn($("strip"), drawStrip);
  };

  // --- controls
  const change = (name) => (value) => { state[name] = value; settle(name); };
  // A scenario is a choice of hardware with the year as it is declared; a choice of one's own begins with the newest year of prices.
  const preset = (value) => {
    if (value !== OWN) state.hardware = value;
    state.year = value === OWN ? Object.keys(scenario().years).at(-1) ?? String(scenario().electricity_year) : DECLARED;
    settle("preset");
  };
  const controls = {
    benchmark: CL.choice({ name: "benchmark", label: "Benchmark", whole: true, change: change("benchmark") }),
    preset: CL.choice({ name: "preset", label: "Scenario", buttons: true, change: preset }),
    hardware: CL.choice({ name: "hardware", label: "Hardware", change: change("hardware") }),
    region: CL.choice({ name: "region", label: "Electricity of", change: change("region") }),
    year: CL.choice({ name: "year", label: "Year", change: change("year") }),
  };
  const settle = (name) => {
    const first = benchmark().targets.find((one) => one.target === "target_1");
    if (name === "benchmark" || !state.error) state.error = first?.error ?? errorAt(0.6);
    const [worst, lowest] = range();
    state.error = Math.min(worst, Math.max(lowest, Number(state.error)));
    controls.benchmark.set(data.benchmarks.map((one) => [`${one.benchmark}/${one.metric}`, `${one.title}, ${word(one.metric)}`]), state.benchmark);
    const known = scenario(), nameOf = (one) => one.scenario === "paper_2020" ? "As the paper" : processorName(one);
    const years = [...new Set([...data.regions.find((one) => one.region === state.region).years, ...Object.keys(known.years).map(Number)])].sort((a, b) => b - a);
    if (state.year !== DECLARED && !years.includes(Number(state.year))) state.year = DECLARED;
    const byYear = [...data.scenarios].sort((a, b) => a.electricity_year - b.electricity_year || a.scenario.localeCompare(b.scenario));
    controls.preset.set([...byYear.map((one) => [one.scenario, `${nameOf(one)}, ${one.electricity_year}`]), [OWN, "Own choice"]], state.year === DECLARED ? state.hardware : OWN);
    controls.hardware.set(byYear.map((one) => [one.scenario, nameOf(one)]), state.hardware);
    controls.region.set(data.regions.map((one) => [one.region, one.name]), state.region);
    controls.year.set([[DECLARED, `${known.electricity_year}, as declared`], ...years.map((one) => [String(one), known.years[one] ? String(one) : `${one}, no price`])], state.year);
    slider.value = String(Math.round(place(state.error) * 1000));
    paintTrack();
    tell();
    if (name) CL.keep(state);
  };
  slider.addEventListener("input", () => { state.error = errorAt(Number(slider.value) / 1000); tell(); CL.keep(state); });
  // A step of the keyboard is one of the two digits that are told; none is too small to see.
  slider.addEventListener("keydown", (event) => {
    const step = { ArrowRight: -1, ArrowUp: -1, ArrowLeft: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const [worst, lowest] = range();
    const size = 10 ** (Math.floor(log10(state.error) + (step < 0 ? -1e-9 : 1e-9)) - 1);
    state.error = Math.min(worst, Math.max(lowest, Number((state.error + step * size).toPrecision(2))));
    slider.value = String(Math.round(place(state.error) * 1000));
    tell();
    CL.keep(state);
  });
  const first = [controls.benchmark, controls.preset], then = [controls.hardware, controls.region, controls.year];
  $("controls").append(...first.flatMap((one) => one.elements), CL.html("span", { class: "new-row" }), ...then.flatMap((one) => one.elements));
  Object.assign(state, CL.kept());
  if (!benchmark()) state.benchmark = `${data.benchmarks[0].benchmark}/${data.benchmarks[0].metric}`;
  if (!scenario()) state.hardware = data.scenarios[0].scenario;
  if (!data.regions.some((one) => one.region === state.region)) state.region = data.regions[0].region;
  settle(null);
  CL.drawn(track, paintTrack);
})();
