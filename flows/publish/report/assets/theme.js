window.CL ??= {};
// Whether an address may be followed: one of the web or of a page here. An address comes from a page or a lock, and may be a script.
CL.address = (text) => /^(?:https?:\/\/|#|[\w-]+\.html(?:[#?]|$))/i.test(text);

// Light or dark: as the system has it, until a person chooses. Loaded in the head, so that no page flashes.
(() => {
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("compute-limits-theme"); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem("compute-limits-theme", theme); } catch { /* a page from a file may keep nothing */ } };
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  if (["light", "dark"].includes(kept())) root.dataset.theme = kept();
  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("button.theme");
    const say = () => button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      keep(root.dataset.theme);
      say();
    });
    say();
  });
})();
