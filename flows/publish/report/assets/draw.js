// What all plots share: SVG elements, numbers in words, scales, places for labels, controls. Pages come from files, so no modules.
window.CL ??= {};
(() => {
  const NARROW = "\u202f", THIN = "\u2009", PAPER = 680;
  const SVG = "http://www.w3.org/2000/svg";
  CL.data = (id) => JSON.parse(document.getElementById(id).textContent);

  // --- elements. Text is a list of strings and of {sup: "27.6"}, so that powers are set as such.
  const put = (made, attributes, kids) => {
    for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined && (name !== "href" || CL.address(value))) made.setAttribute(name, value);
    made.append(...kids.flat());
    return made;
  };
  CL.svg = (tag, attributes = {}, ...kids) => put(document.createElementNS(SVG, tag), attributes, kids);
  CL.html = (tag, attributes = {}, ...kids) => put(document.createElement(tag), attributes, kids);
  // A number with the way to its trace: the table, and the columns that name its row.
  CL.traced = (table, key, parts) => CL.html("a", { class: "n", href: `trace.html#${table}?${new URLSearchParams(key)}` }, ...CL.nodes(parts));
  CL.lineKey = (set, line) => ({ row_set: set.row_set, benchmark: set.benchmark, metric: set.metric, compute_measure: set.compute_measure, form: line.form, estimator: line.estimator, selection: set.selection, direction: line.direction });
  CL.nodes = (parts) => [parts].flat(9).map((part) => typeof part === "object" && part.sup !== undefined ? CL.html("sup", {}, part.sup) : part);
  CL.text = (x, y, parts, attributes = {}) => {
    const made = CL.svg("text", { x, y, ...attributes });
    const size = attributes.size ?? 14;
    if (attributes.size) made.style.fontSize = `${size}px`;
    let back = 0;
    for (const part of [parts].flat(9)) {
      const isSup = typeof part === "object";
      const span = CL.svg("tspan", { dy: isSup ? -0.36 * size : back || null }, isSup ? part.sup : part);
      if (isSup) span.style.fontSize = `${0.74 * size}px`;
      back = isSup ? 0.36 * size : 0;
      made.append(span);
    }
    return made;
  };
  const pen = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  CL.measure = (parts, size = 14, weight = 400) => [parts].flat(9).reduce((sum, part) => {
    const isSup = typeof part === "object";
    pen.font = `${weight} ${isSup ? 0.74 * size : size}px ${family}`;
    return sum + pen.measureText(isSup ? part.sup : part).width;
  }, 0);

  // --- numbers, as flows/publish/report/wording.py has them
  const signed = (text) => text.replace("-", "−");
  const groups = (text) => signed(text.replace(/\B(?=(\d{3})+(?!\d))/g, NARROW));
  CL.groups = groups;
  CL.whole = (number) => groups(number.toFixed(0));
  CL.decimal = (number, decimals = 1) => {
    if (number === null || !Number.isFinite(number)) return "–";
    const [before, after] = number.toFixed(decimals).split(".");
    return groups(before) + (after ? `.${after}` : "");
  };
  CL.power = (log10, decimals = 1) => log10 === null ? "–" : ["10", { sup: signed(log10.toFixed(decimals)) }];
  CL.scientific = (log10) => {
    if (log10 === null || !Number.isFinite(log10)) return "–";
    let exponent = Math.floor(log10);
    let digits = (10 ** (log10 - exponent)).toFixed(1);
    if (digits === "10.0") [digits, exponent] = ["1.0", exponent + 1];
    return [`${digits}${NARROW}×${NARROW}10`, { sup: signed(String(exponent)) }];
  };
  CL.rounded = (number, digits = 2) => {
    if (number === null || !Number.isFinite(number)) return "–";
    if (number === 0) return "0";
    const kept = Number(number.toPrecision(digits));
    if (Math.abs(kept) >= 1e15) return CL.scientific(Math.log10(kept));
    for (const [size, name] of [[1e12, "trillion"], [1e9, "billion"], [1e6, "million"]])
      if (Math.abs(kept) >= size) return `${Number((kept / size).toPrecision(Math.max(digits, 3)))}${NARROW}${name}`;
    const at = Math.floor(Math.log10(Math.abs(kept)));
    return CL.decimal(kept, Math.max(digits - 1 - at, 0));
  };
  CL.percent = (fraction, decimals) => `${decimals === undefined ? Number((fraction * 100).toPrecision(3)) : CL.decimal(fraction * 100, decimals)}${NARROW}%`;
  CL.interval = (low, high, decimals = 1) => low === null ? "no interval" : `${CL.decimal(low, decimals)}${THIN}–${THIN}${high === null ? "∞" : CL.decimal(high, decimals)}`;
  CL.powers = (low, high) => [CL.power(low), `${THIN}–${THIN}`, high === null ? "∞" : CL.power(high)];
  CL.capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  CL.many = (count, what) => `${CL.whole(count)} ${what}${count === 1 ? "" : "s"}`;

  // --- scales and ticks
  CL.scale = (low, high, from, to) => (value) => from + ((value - low) / (high - low)) * (to - from);
  CL.powersBetween = (low, high, length, room) => {
    const step = [1, 2, 3, 4, 5, 10, 20, 50].find((one) => (one / (high - low)) * length >= room) ?? 100;
    const ticks = [];
    for (let power = Math.ceil(low / step) * step; power <= high; power += step) ticks.push(power);
    return ticks;
  };
  // Round numbers on a log axis, as many as have room: first of each power of ten the 1, then 1 and 3, and so on to those between.
  CL.logTicks = (low, high, length, room) => {
    const at = (digits) => Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, up) => digits.map((digit) => Math.log10(digit) + Math.floor(low) + up)).flat().filter((tick) => tick >= low && tick <= high);
    const fits = (ticks) => ticks.every((tick, place) => !place || (tick - ticks[place - 1]) / (high - low) * length >= room);
    const tried = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8], [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9]].map(at);
    return tried.filter(fits).at(-1) ?? tried[0];
  };
  // A day as a year with its part.
  CL.yearOf = (day) => Number(day.slice(0, 4)) + (new Date(day) - new Date(`${day.slice(0, 4)}-01-01`)) / 31557600000;
  // Months since 2000, as many as have room.
  CL.months = (low, high, length, room) => {
    const step = [1, 2, 3, 6, 12, 24].find((one) => one / (high - low) * length >= room) ?? 60;
    return Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, at) => Math.ceil(low) + at).filter((month) => month % step === 0);
  };
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  CL.month = (month) => `${MONTHS[month % 12]} ${2000 + Math.floor(month / 12)}`;
  // Errors on a log axis: round ones first, then those between while there is room; `always` are the targets.
  CL.errorTicks = (place, low, high, room, always = []) => {
    const kept = [...always];
    for (const digits of [[1, 5], [2], [3, 7], [4, 6, 8], [9, 1.5, 2.5]])
      for (let power = -4; power <= 0; power += 1)
        for (const digit of digits) {
          const error = digit * 10 ** power;
          if (error <= 1 && error >= low && error <= high && kept.every((one) => Math.abs(place(one) - place(error)) >= room)) kept.push(error);
        }
    return kept;
  };

  // --- where a label fits: boxes that are taken, and how many of the obstacles (points) lie in one
  CL.places = (bounds) => {
    const taken = [];
    const meet = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
    const isFree = (box) => box.x >= bounds.x && box.x + box.w <= bounds.x + bounds.w && box.y >= bounds.y && box.y + box.h <= bounds.y + bounds.h && !taken.some((one) => meet(box, one));
    const take = (box) => { taken.push(box); return box; };
    return { isFree, take, inside: (box, dots) => dots.filter((dot) => meet(box, { x: dot[0] - 4, y: dot[1] - 4, w: 8, h: 8 })).length };
  };

  // --- a plot is drawn for the width that there is, and again when that changes
  CL.drawn = (element, draw) => {
    let width = 0;
    const again = () => {
      const now = element.clientWidth;
      if (now && now !== width) { width = now; draw(now); }
    };
    new ResizeObserver(again).observe(element);
    // On paper (A4, some 180 mm) text keeps its size too.
    addEventListener("beforeprint", () => draw(PAPER));
    addEventListener("afterprint", () => { width = 0; again(); });
    again();
    return () => { width = element.clientWidth; draw(width); };
  };

  // --- controls: buttons on a desktop, a select on a phone, of the same value
  CL.choice = ({ name, label, buttons = false, whole = false, change }) => {
    const select = CL.html("select", { id: `select-${name}`, name });
    const labelled = CL.html("label", { for: `select-${name}` }, label);
    const single = CL.html("div", { class: `control${buttons ? " only-small" : ""}${whole ? " whole" : ""}` }, labelled, select);
    const row = CL.html("span", { class: "buttons" });
    const group = CL.html("fieldset", { class: "control only-desktop" }, CL.html("legend", {}, label), row);
    select.addEventListener("change", () => change(select.value));
    return {
      elements: buttons ? [group, single] : [single],
      set: (options, value) => {
        select.replaceChildren(...options.map(([code, text]) => CL.html("option", { value: code }, text)));
        select.value = value;
        if (!buttons) return;
        // Kept where they are the same, so that the focus stays.
        if ([...row.querySelectorAll("input")].map((input) => input.value).join() !== options.map(([code]) => code).join())
          row.replaceChildren(...options.map(([code, text]) => {
            const input = CL.html("input", { type: "radio", name: `button-${name}`, value: code });
            input.addEventListener("change", () => change(code));
            return CL.html("label", {}, input, CL.html("span", {}, text));
          }));
        for (const input of row.querySelectorAll("input")) input.checked = input.value === value;
      },
    };
  };

  // --- the address keeps the choice, so that it can be sent to somebody
  CL.kept = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  CL.keep = (state) => {
    try { history.replaceState(null, "", `#${new URLSearchParams(state)}`); } catch { /* some browsers refuse it for files */ }
  };

  // --- what is pointed at, by a pointer or by the arrow keys
  CL.pointing = (chart, { dots, describe, open, reach = 28 }) => {
    const svg = chart.querySelector("svg");
    const ring = CL.svg("circle", { r: 6.5, fill: "none", stroke: "var(--ink)", "stroke-width": 1.6, visibility: "hidden" });
    svg.append(ring);
    const tip = chart.querySelector(".tip") ?? chart.appendChild(CL.html("div", { class: "tip", role: "status" }));
    tip.hidden = true;
    let at = null;
    const order = dots.map((_, place) => place).sort((a, b) => dots[a][0] - dots[b][0] || dots[a][1] - dots[b][1]);
    const show = (place) => {
      at = place;
      tip.hidden = place === null;
      ring.setAttribute("visibility", place === null ? "hidden" : "visible");
      svg.style.cursor = place === null ? "" : "pointer";
      if (place === null) return;
      const [x, y] = dots[place];
      ring.setAttribute("cx", x);
      ring.setAttribute("cy", y);
      tip.replaceChildren(...describe(place));
      const left = x + 14 + tip.offsetWidth > chart.clientWidth ? x - 14 - tip.offsetWidth : x + 14;
      tip.style.left = `${Math.max(0, Math.min(left, chart.clientWidth - tip.offsetWidth))}px`;
      tip.style.top = `${Math.max(0, y - tip.offsetHeight / 2)}px`;
    };
    const nearest = (event) => {
      const box = svg.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      let best = null, least = reach * reach;
      for (let place = 0; place < dots.length; place += 1) {
        const far = (dots[place][0] - x) ** 2 + (dots[place][1] - y) ** 2;
        if (far < least) { least = far; best = place; }
      }
      return best;
    };
    svg.onpointermove = (event) => { const place = nearest(event); if (place !== at) show(place); };
    svg.onpointerleave = () => show(null);
    svg.onclick = (event) => { const place = nearest(event); if (place !== null) { show(place); if (event.pointerType !== "touch") open?.(place); } };
    svg.onblur = () => show(null);
    svg.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step && dots.length) {
        const now = at === null ? (step > 0 ? -1 : dots.length) : order.indexOf(at);
        show(order[Math.max(0, Math.min(dots.length - 1, now + step))]);
        event.preventDefault();
      } else if (event.key === "Enter" && at !== null) open?.(at);
      else if (event.key === "Escape") show(null);
    };
  };
  CL.open = (address) => { if (address) window.open(address, "_blank", "noopener,noreferrer"); };
})();
