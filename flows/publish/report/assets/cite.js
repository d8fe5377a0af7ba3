// The entry beside a figure is copied by a button; where the browser keeps the clipboard to itself the entry is selected, to be copied by hand.
for (const button of document.querySelectorAll("button.copy")) {
  const entry = button.closest(".cited").querySelector("code");
  const say = (text) => { button.textContent = text; };
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(entry.textContent);
      say("Copied");
    } catch {
      getSelection().selectAllChildren(entry);
      say("Selected: copy it by the keyboard");
    }
  });
}
