// Shows the row that an address names (trace.html#table?column=value&…), what it was made of, and where that was read.
window.CL ??= {};
(() => {
  const { tables: known, counted, whole, apart, stems } = JSON.parse(document.getElementById("known").textContent);
  const place = document.getElementById("trace");
  // Without what every object has: an address that somebody made up may ask for `constructor`. A script is loaded once.
  const loading = Object.create(null);
  const waiting = Object.create(null);
  CL.received = (name, value) => waiting[name]?.(value);
  // A page from a file may not fetch; it may load a script.
  const load = (name) => loading[name] ??= !/^[\w-]+$/.test(name) ? Promise.resolve(null) : new Promise((done) => {
    waiting[name] = done;
    const script = Object.assign(document.createElement("script"), { src: `traces/${name}.js` });
    script.onerror = () => done(null);
    document.head.append(script);
  });
  const element = (tag, text, attributes = {}) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.append(...[text].flat());
    return made;
  };
  const records = (table) => table.rows.map((row) => Object.fromEntries(table.columns.map((name, at) => [name, row[at]])));
  const link = (address, text) => CL.address(address) ? element("a", text, { href: address, rel: "noreferrer" }) : element("span", text);
  const shown = (value) => value === null ? "–" : typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(8))) : String(value);
  const quoted = (value) => /^[\w.:#/=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;

  const table = (name, heads, rows) => {
    const made = element("table", undefined, { class: "plain stack" });
    made.append(element("thead", element("tr", heads.map((head) => element("th", head)))));
    made.append(element("tbody", rows.map((cells) => element("tr", cells.map((cell) => element("td", cell, { class: "wrap" }))))));
    return element("div", made, { class: "scroll", tabindex: "0", role: "group", "aria-label": name });
  };
  const where = (pages, source, page, locator) => {
    const told = pages[`${source} ${page}`];
    return told ? [link(told[0], `${source} ${page}`), ` ${locator ?? ""}`] : [`${source ?? "–"} ${page ?? ""} ${locator ?? ""}`];
  };

  const show = async () => {
    const [name, query = ""] = location.hash.slice(1).split("?");
    if (!name || !/^\w+\.\w+$/.test(name)) return;
    const key = Object.fromEntries(new URLSearchParams(query));
    const of = known[name];
    const parts = [element("h2", name), element("p", of?.comment ?? "")];
    const conditions = Object.entries(key).map(([column, value]) => quoted(`${column}=${value}`)).join(" ");
    parts.push(element("p", "On a terminal, down to the last step:", { class: "muted small" }));
    parts.push(element("pre", element("code", `compute-limits trace ${name} ${conditions}`), { tabindex: "0", class: "long" }));
    // An address that somebody made up asks for no file that there is not.
    const own = Object.hasOwn(apart, name) ? apart[name] : null;
    const isWhole = own || key.benchmark === undefined || whole.includes(name);
    const file = own ? own : isWhole ? "tables" : Object.hasOwn(stems, key.benchmark) ? stems[key.benchmark] : null;
    const [pages, kept] = await Promise.all([load("pages"), file && load(file)]);
    const rows = (isWhole ? kept?.[name] : kept?.tables?.[name]) ?? { columns: [], rows: [] };
    const found = records(rows).filter((row) => Object.entries(key).every(([column, value]) => String(row[column] ?? "") === value));
    if (found.length) {
      parts.push(element("h2", "The row"));
      const told = Object.entries(found[0]).filter(([, value]) => value !== null);
      parts.push(table("The row", ["Column", "Value", "What it says"], told.map(([column, value]) => [element("code", column, { class: "name" }), shown(value), of?.columns[column] ?? ""])));
    }
    if (of?.ways.length) {
      parts.push(element("h2", "What it was made of"));
      parts.push(element("ul", of.ways.map((way) => element("li", way.table ? [`${way.what}: `, link(`dictionary.html#${way.table}`, way.table)] : `${way.what}: ${way.file}`))));
    }
    const isCounted = counted.includes(name) && !key.result_id;
    const ofKey = isCounted ? records((await load("counts"))?.[name] ?? { columns: [], rows: [] }).filter((row) => Object.entries(key).every(([column, value]) => String(row[column] ?? "") === value)) : [];
    if (ofKey.length) {
      const ofPage = new Map();
      for (const row of ofKey) ofPage.set(`${row.source} ${row.page}`, (ofPage.get(`${row.source} ${row.page}`) ?? 0) + row.n);
      const counts = [...ofPage].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
      parts.push(element("h2", `Its rows: ${counts.reduce((sum, [, n]) => sum + n, 0)}, by the page that they were read from`));
      parts.push(table("Its rows by page", ["Page", "Of them", "Read on"], counts.map(([page, n]) => [pages[page] ? link(pages[page][0], page) : page, `${n} row${n === 1 ? "" : "s"}`, pages[page]?.[1] ?? "–"])));
      place.replaceChildren(...parts);
      return;
    }
    const row = found[0] ?? key;
    const points = kept?.points ? records(kept.points) : [];
    const ofSet = kept?.sets?.[[row.row_set, row.metric, row.compute_measure ?? "hardware_burden", row.selection ?? "all"].join("/")];
    const isPoint = (point) => ["row_set", "metric", "compute_measure", "result_id"].every((column) => point[column] === key[column]);
    const named = key.result_id ? points.map((_, at) => at).filter((at) => isPoint(points[at])) : ofSet;
    if (named?.length) {
      parts.push(element("h2", key.result_id ? "Where it was read" : `Its points: ${named.length}`));
      parts.push(table("Its points", ["Model", "Error, %", "log10 of computation", "Score read at", "Computation read at"], named.map((at) => points[at]).map((point) => [
        point.name, (point.error * 100).toFixed(2), point.log10_compute.toFixed(2),
        where(pages, point.score_source, point.score_page, point.score_locator),
        point.is_predicted ? "predicted from network operations" : where(pages, point.source, point.page, point.locator),
      ])));
      const ends = [...new Set(named.flatMap((at) => [`${points[at].score_source} ${points[at].score_page}`, `${points[at].source} ${points[at].page}`]))];
      pagesOf(parts, pages, ends.sort());
    } else if (key.source) pagesOf(parts, pages, Object.keys(pages).filter((page) => key.page === undefined ? page.startsWith(`${key.source} `) : page === `${key.source} ${key.page}`));
    if (!found.length && !named?.length) parts.push(element("p", "The pages of the report do not hold this row; the command above tells it.", { class: "muted" }));
    place.replaceChildren(...parts);
  };
  const pagesOf = (parts, pages, ends) => {
    const told = ends.filter((end) => pages[end]);
    parts.push(element("h2", `The pages: ${told.length}`));
    parts.push(table("The pages", ["Page", "Read on", "SHA-256", "Licence"], told.map((end) => {
      const [address, day, sha256, licence] = pages[end];
      return [link(address, end), day, element("code", sha256.slice(0, 16), { title: sha256 }), licence];
    })));
  };
  addEventListener("hashchange", show);
  show();
})();
