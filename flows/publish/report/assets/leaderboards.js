// A leaderboard as a table that is searched and sorted, beside the computation of those models that have one.
(() => {
  const boards = CL.data("listed");
  if (!boards.length) return;
  const FEW = 20;
  const table = document.getElementById("listed-table"), body = table.tBodies[0], find = document.getElementById("find");
  const more = document.getElementById("more"), found = document.getElementById("found"), chart = document.getElementById("plot");
  const keyOf = (board) => `${board.source} ${board.page}`;
  const state = { board: keyOf(boards[0]), benchmark: boards[0].benchmarks[0][0], models: "known", ...CL.kept() };
  let isAll = false, rows = [];
  const board = () => boards.find((one) => keyOf(one) === state.board) ?? boards[0];
  const place = () => Math.max(board().benchmarks.findIndex(([code]) => code === state.benchmark), 0);
  const listed = () => board().rows.filter((row) => row[4][place()] !== null && (state.models === "all" || row[2] !== null));

  const cells = (row) => {
    const at = place(), [code] = board().benchmarks[at];
    const trace = (text) => CL.traced("core.listed_scores", { source: board().source, page: board().page, locator: row[0], benchmark: code }, text);
    const number = (text, value, extra = "") => CL.html("td", { class: `r${extra}`, "data-value": value ?? "" }, ...(value === null ? ["–"] : [trace(text)]));
    return CL.html("tr", {}, CL.html("td", { class: "wrap" }, row[1]), number(CL.whole(row[5][at] ?? 0), row[5][at]), number(CL.decimal(row[4][at]), row[4][at]), number(CL.scientific(row[2]), row[2]), number(CL.decimal(row[6][at]), row[6][at], " not-phone"));
  };
  // What is typed has its say over what is short.
  const show = () => {
    const wanted = find.value.trim().toLowerCase();
    let count = 0;
    for (const row of body.rows) {
      const isHere = row.cells[0].textContent.toLowerCase().includes(wanted);
      count += isHere;
      row.hidden = !isHere || (!isAll && count > FEW);
    }
    found.textContent = wanted ? (count ? CL.many(count, "model") : "No model has that; try a part of its name.") : "";
    more.hidden = count <= FEW;
    more.textContent = isAll ? "Show fewer" : `Show all ${CL.whole(count)}`;
  };
  const draw = (width) => {
    const at = place(), points = listed().filter((row) => row[2] !== null);
    chart.hidden = points.length < 3;
    if (chart.hidden) return;
    CL.xy(chart, width, {
      label: `${board().title}: score by computation`, x: { kind: "power", name: "Training compute, FLOP" }, y: { kind: "number", name: `${board().benchmarks[at][1]}, %` },
      points: points.map((row) => [row[2], row[4][at]]), lines: [],
      describe: (dot) => [CL.html("b", {}, points[dot][1]), CL.html("br"), `${CL.decimal(points[dot][4][at])} %, `, ...CL.nodes(CL.scientific(points[dot][2])), " FLOP", CL.html("br"), CL.html("span", {}, points[dot][3].join(" "))],
      open: () => CL.open(board().address),
    });
  };
  let again = null;
  const change = (name) => (value) => { state[name] = value; update(); CL.keep(state); };
  const controls = {
    board: CL.choice({ name: "board", label: "Leaderboard", change: change("board") }),
    benchmark: CL.choice({ name: "benchmark", label: "Benchmark", change: change("benchmark") }),
    models: CL.choice({ name: "models", label: "Models", change: change("models") }),
  };
  const update = () => {
    state.board = keyOf(board());
    state.benchmark = board().benchmarks[place()][0];
    if (state.models !== "all") state.models = "known";
    // A board of which nothing is known shows all that it lists.
    if (!listed().length) state.models = "all";
    controls.board.set(boards.map((one) => [keyOf(one), one.title]), state.board);
    controls.benchmark.set(board().benchmarks.map(([code, title, shots]) => [code, shots === null ? title : `${title}, ${shots} shots`]), state.benchmark);
    controls.models.set([["known", "Whose computation is known"], ["all", "All"]], state.models);
    const at = place();
    rows = listed().sort((a, b) => a[5][at] - b[5][at] || a[1].localeCompare(b[1]));
    body.replaceChildren(...rows.map(cells));
    for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
    isAll = false;
    show();
    chart.hidden = false;
    again?.();
  };
  document.getElementById("controls").append(...Object.values(controls).flatMap((one) => one.elements));
  find.addEventListener("input", show);
  table.addEventListener("sorted", show);
  more.addEventListener("click", () => { isAll = !isAll; show(); });
  update();
  again = CL.drawn(chart, draw);
})();
