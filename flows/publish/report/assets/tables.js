// Tables that sort by a click on a head: numbers by their size (a cell's data-value, where it is not what is printed), texts by letters.
window.CL ??= {};
(() => {
  const valueOf = (row, at) => {
    const cell = row.cells[at];
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = Number(text.replaceAll("\u202f", "").replace("−", "-"));
    return text === "" || text === "–" ? null : Number.isNaN(number) ? text : number;
  };
  const order = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  };
  CL.sortable = (table) => {
    for (const head of table.tHead.rows[table.tHead.rows.length - 1].cells) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const at = head.cellIndex;
        const rows = [...table.tBodies[0].rows].map((row) => [valueOf(row, at), row]);
        // What has no value stays at the end either way.
        rows.sort(([a], [b]) => (a === null || b === null || !down ? order(a, b) : -order(a, b)));
        table.tBodies[0].append(...rows.map(([, row]) => row));
        table.dispatchEvent(new CustomEvent("sorted"));
      });
    }
  };
  // A long table shows its first rows until a person asks for all.
  const short = (table) => {
    const few = Number(table.dataset.few), rows = () => [...table.tBodies[0].rows];
    if (rows().length <= few + 3) return;
    const more = Object.assign(document.createElement("button"), { type: "button", className: "link" });
    let isAll = false;
    const show = () => {
      rows().forEach((row, at) => { row.hidden = !isAll && at >= few; });
      more.textContent = isAll ? "Show fewer" : `Show all ${rows().length.toLocaleString("en").replaceAll(",", "\u202f")}`;
    };
    more.addEventListener("click", () => { isAll = !isAll; show(); });
    table.addEventListener("sorted", show);
    table.parentNode.after(more);
    show();
  };
  // A field above a table leaves only the rows that have what was typed.
  const searched = (field) => {
    const table = document.getElementById(field.dataset.table), rows = [...table.tBodies[0].rows];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const none = Object.assign(document.createElement("p"), { className: "muted small", textContent: "No row has that; try a part of it.", hidden: true });
    table.parentNode.after(none);
    const apply = () => {
      const wanted = field.value.trim().toLowerCase();
      if (wanted) rows.forEach((row, at) => { row.hidden = !texts[at].includes(wanted); });
      none.hidden = !wanted || rows.some((row) => !row.hidden);
    };
    table.addEventListener("sorted", apply);
    field.addEventListener("input", () => {
      for (const row of rows) row.hidden = false;
      // A long table shows its first rows again, then what was typed has its say.
      table.dispatchEvent(new CustomEvent("sorted"));
    });
  };
  document.querySelectorAll("table.sortable").forEach(CL.sortable);
  document.querySelectorAll("table[data-few]").forEach(short);
  document.querySelectorAll("input[data-table]").forEach(searched);
})();
