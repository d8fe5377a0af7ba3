// Prices of processors side by side and month by month, and clusters by year.
(() => {
  const data = CL.data("rented");
  const LOOKS = [["on demand", "--accent", "--accent"], ["spot", "--second", "--second-text"]];
  const usd = (value) => CL.decimal(value, 2);

  const prices = document.getElementById("prices");
  if (prices && data.prices.length) CL.drawn(prices, (width) => {
    const isPhone = width < 600, rowHigh = 30, top = 30;
    const left = Math.min(Math.max(...data.prices.map((one) => CL.measure(one.processor, 14))) + 16, isPhone ? 158 : 260), right = width - 12;
    const every = data.prices.flatMap((one) => LOOKS.flatMap(([kind]) => one[kind]?.slice(2) ?? []));
    const [low, high] = [Math.min(...every), Math.max(...every)].map(Math.log10);
    const x = CL.scale(low - 0.05, high + 0.05, left, right);
    const bottom = top + data.prices.length * rowHigh + 4, height = bottom + 46;
    const svg = CL.svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "application", "aria-roledescription": "plot", "aria-label": `Prices of an hour, ${data.prices.length} processors. Arrow keys go from price to price; the table below has the numbers.` });
    const add = (...made) => svg.append(...made);
    for (const tick of CL.logTicks(low - 0.05, high + 0.05, right - left, 40)) {
      add(CL.svg("path", { class: "grid", d: `M${x(tick)} ${top - 8}V${bottom}` }), CL.text(x(tick), bottom + 18, String(Number((10 ** tick).toPrecision(3))), { class: "axis", "text-anchor": "middle", size: 13 }));
    }
    add(CL.text(Math.min(left, right - CL.measure("USD for an hour of one processor", 13)), bottom + 40, "USD for an hour of one processor", { class: "name", size: 13 }));
    const dots = [], told = [];
    data.prices.forEach((one, place) => {
      const y = top + (place + 0.5) * rowHigh;
      add(CL.text(0, y + 4.5, one.processor, isPhone ? { size: 12.5 } : {}));
      LOOKS.forEach(([kind, colour], at) => {
        if (!one[kind]) return;
        const [, median, least, most] = one[kind], here = y + (at ? 6 : -4);
        add(CL.svg("path", { d: `M${x(Math.log10(least))} ${here}H${x(Math.log10(most))}`, stroke: `var(${colour})`, "stroke-width": 1.4, opacity: 0.55 }));
        add(CL.svg("circle", { cx: x(Math.log10(median)), cy: here, r: 4.2, fill: at ? "var(--ground)" : `var(${colour})`, stroke: `var(${colour})`, "stroke-width": 1.8 }));
        dots.push([x(Math.log10(median)), here]);
        told.push([one, kind]);
      });
    });
    // Which is which is said once, at the head.
    let at = left;
    LOOKS.forEach(([kind, colour, ink], place) => {
      add(CL.svg("circle", { cx: at + 5, cy: 10, r: 4.2, fill: place ? "var(--ground)" : `var(${colour})`, stroke: `var(${colour})`, "stroke-width": 1.8 }), CL.text(at + 15, 14.5, kind, { size: 13, "font-weight": 600, style: `fill:var(${ink})` }));
      at += CL.measure(kind, 13, 600) + 34;
    });
    prices.replaceChildren(svg);
    CL.pointing(prices, { dots, describe: (place) => { const [one, kind] = told[place], [n, median, least, most] = one[kind]; return [CL.html("b", {}, one.processor), CL.html("br"), `${usd(median)} USD ${kind}, ${CL.many(n, "provider")} from ${usd(least)} to ${usd(most)}, ${one.year}`]; } });
  });

  const chart = document.getElementById("over-time"), said = document.getElementById("said");
  if (chart && data.months.length) {
    const state = { processor: data.months[0].processor, ...CL.kept() };
    const monthOf = (day) => (Number(day.slice(0, 4)) - 2000) * 12 + Number(day.slice(5, 7)) - 1;
    const chosen = () => data.months.find((one) => one.processor === state.processor) ?? data.months[0];
    // A line for each run of months in which providers can be followed, the last of which has the name.
    const runs = (months) => [...new Set(months.map((one) => one[3]))].map((since) => months.filter((one) => one[3] === since));
    const draw = (width) => {
      const kinds = LOOKS.filter(([kind]) => chosen().commitments[kind]);
      const shown = kinds.flatMap(([kind]) => chosen().commitments[kind].map((one) => ({ kind, one })));
      CL.xy(chart, width, {
        label: `Price of an hour of ${chosen().processor} by month`, x: { kind: "month", name: "Month" }, y: { kind: "log", name: "USD for an hour of one processor" },
        points: shown.map(({ one }) => [monthOf(one[0]), Math.log10(one[1])]),
        lines: kinds.flatMap(([kind, colour, ink]) => runs(chosen().commitments[kind]).map((run, at, all) => ({ name: at === all.length - 1 ? kind : "", colour, ink, dots: run.length === 1, at: run.map((one) => [monthOf(one[0]), Math.log10(one[5])]) }))),
        describe: (at) => { const { kind, one } = shown[at]; return [CL.html("b", {}, `${usd(one[1])} USD ${kind}`), CL.html("br"), `${CL.month(monthOf(one[0]))}, ${CL.many(one[2], "provider")}`]; },
      });
    };
    let again = null;
    const update = () => {
      state.processor = chosen().processor;
      control.set(data.months.map((one) => [one.processor, one.processor]), state.processor);
      const parts = [];
      for (const [kind] of LOOKS) {
        const run = chosen().commitments[kind];
        if (!run) continue;
        const trace = ([month], text) => CL.traced("exports.rental_prices", { processor_id: state.processor, commitment: kind, month }, text);
        const last = run.at(-1), [month, price, n, since, index] = last;
        parts.push(CL.html("b", {}, `${CL.capital(kind)}: `), trace(last, usd(price)), ` USD in ${CL.month(monthOf(month))} at the median of ${CL.many(n, "provider")}`);
        parts.push(since < month ? ["; the same providers asked ", trace(last, CL.decimal(index, 2)), ` times what they had in ${CL.month(monthOf(since))}. `] : ". ");
      }
      said.replaceChildren(...parts.flat());
      again?.();
    };
    const control = CL.choice({ name: "processor", label: "Processor", whole: true, change: (value) => { state.processor = value; update(); CL.keep(state); } });
    document.getElementById("controls").append(...control.elements);
    update();
    again = CL.drawn(chart, draw);
  }

  const place = document.getElementById("over-years"), line = data.growth;
  if (place && line) {
    CL.drawn(place, (width) => CL.xy(place, width, {
      label: "Rate of clusters by year", x: { kind: "year", name: "Operational" }, y: { kind: "power", name: "16-bit peak of a cluster, operations/s" },
      points: data.clusters.map((one) => [one[1], one[2]]),
      lines: [{ colour: "--accent", at: [line.first_released_on, line.last_released_on].map(CL.yearOf).map((year) => [year, line.intercept + line.slope * (year - 2000)]) }],
      describe: (at) => { const [name, year, log10, owner] = data.clusters[at]; return [CL.html("b", {}, name), CL.html("br"), ...CL.nodes(CL.scientific(log10)), ` operations/s, ${Math.floor(year)}`, ...(owner ? [CL.html("br"), CL.html("span", {}, owner)] : [])]; },
      open: (at) => CL.open(data.clusters[at][4]),
    }));
  }
})();
