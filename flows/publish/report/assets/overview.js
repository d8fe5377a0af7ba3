// The switch of quantities, which a phone has: a table of all of them is wider than its screen.
for (const input of document.querySelectorAll('input[name="quantity"]'))
  input.addEventListener("change", () => { document.querySelector("table.costs").dataset.quantity = input.value; });

// The warehouse has no clock: who opens the page later is told how many sources have passed their limit since.
const since = document.getElementById("since");
const today = new Date().toISOString().slice(0, 10);
const passed = since.dataset.staleOn.split(" ").filter((day) => day && day <= today).length;
if (passed) since.textContent = `Since then ${passed === 1 ? "one more source has" : `${passed} more sources have`} grown stale.`;
