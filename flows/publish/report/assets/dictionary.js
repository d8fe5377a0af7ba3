// A table that an address names is opened; the field leaves only tables that have what was typed.
(() => {
  const tables = [...document.querySelectorAll("details.table")];
  const show = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named?.matches("details.table")) { named.hidden = false; named.open = true; named.scrollIntoView(); }
  };
  addEventListener("hashchange", show);
  show();

  const find = document.getElementById("find");
  const texts = tables.map((table) => [table, table.id + " " + [...table.querySelectorAll("td code")].map((cell) => cell.textContent).join(" ")]);
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    let count = 0;
    for (const [table, text] of texts) {
      table.hidden = !text.toLowerCase().includes(wanted);
      count += !table.hidden;
    }
    for (const layer of document.querySelectorAll(".layer")) layer.hidden = !layer.querySelector("details.table:not([hidden])");
    document.getElementById("found").textContent = wanted ? (count ? `${count} tables` : "No table or column has that; try a part of a word.") : "";
  });
})();
