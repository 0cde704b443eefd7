// The order list while it is filled in: sums follow what is typed, Enter and arrows go from line to line.
// Without script the same page shows the sums of what it was opened with, and Enter sends it.
(() => {
  "use strict";
  const table = document.querySelector("[data-order]");
  if (!table) return;
  const fields = [...table.querySelectorAll("input[data-pack]")];
  const button = table.closest("form").querySelector(".savebar button");
  const said = document.querySelector("[data-said]");

  // The sample says how money is written here: its sign, what parts thousands, and the decimals if it has any.
  const [, sign, sample] = /^(\D*)(.*)$/.exec(table.dataset.sample);
  const parts = sample.match(/\D/g) ?? [];
  const point = parts.length && parts.at(-1) !== parts[0] ? parts.at(-1) : "";
  const group = parts[0] ?? "";
  const digits = point ? sample.length - sample.lastIndexOf(point) - 1 : 0;
  const grouped = (whole) => String(whole).replace(/\B(?=(\d{3})+$)/g, group);

  function money(minor) {
    const unit = 10 ** digits;
    const rest = minor % unit;
    return sign + grouped(Math.floor(minor / unit)) + (rest ? point + String(rest).padStart(digits, "0") : "");
  }

  const packs = (field) => (/^\d{1,6}$/.test(field.value.trim()) ? Number(field.value) : 0); // What cannot be read counts for nothing; the server says why.

  function line(field) {
    const row = field.closest("tr");
    const [num, den] = field.dataset.pack.split("/").map(Number);
    const base = row.querySelector("[data-base]");
    const whole = (packs(field) * num) / den;
    if (base) base.textContent = packs(field) && Number.isInteger(whole) ? `= ${grouped(whole)} ${base.dataset.base}` : "";
    const cost = row.querySelector("[data-cost]");
    if (!cost) return 0;
    const count = packs(field);
    const breaks = (field.dataset.breaks ?? "").trim().split(" ").filter(Boolean).map((one) => one.split(":").map(Number));
    const each = breaks.reduce((price, [from, asked]) => (count >= from ? asked : price), Number(field.dataset.price));
    const sum = count * each;
    cost.textContent = money(sum);
    if (breaks.length) prices(row, count, sum, each, breaks, Number(field.dataset.step));
    cost.parentElement.hidden = !sum;
    return sum;
  }

  function prices(row, count, sum, each, breaks, step) { // More of it may cost less: say how many.
    const [shown, hint] = [row.querySelector("[data-each]"), row.querySelector("[data-more]")];
    shown.textContent = shown.dataset.each.replace("{price}", money(each));
    let [least, more] = [sum, 0];
    for (const [from, asked] of breaks) {
      const packs = Math.ceil(from / step) * step;
      if (packs > count && packs * asked < least) [least, more] = [packs * asked, packs];
    }
    hint.hidden = !more;
    hint.textContent = hint.dataset.more.replace("{more}", more).replace("{packs}", count);
  }

  function state(sum, { smallest, free }) { // As the server says it: first what may not be missing.
    if (sum < Number(smallest)) return ["bad", table.dataset.toSmallest.replace("{amount}", money(Number(smallest) - sum))];
    if (sum < Number(free)) return ["warn", table.dataset.toFree.replace("{amount}", money(Number(free) - sum))];
    return Number(free) ? ["ok", table.dataset.free] : ["", ""];
  }

  function supplier(body) {
    const own = fields.filter((field) => body.contains(field));
    const filled = own.reduce((sum, field) => sum + line(field), 0);
    const shown = body.querySelector("[data-sum]");
    if (!shown) return { words: "", sum: null };
    const sum = filled + Number(shown.dataset.sum);
    shown.textContent = money(sum);
    const [tone, words] = state(sum, shown.dataset);
    const pill = body.querySelector("[data-state]");
    pill.firstElementChild.className = `pill ${tone}`;
    pill.firstElementChild.textContent = words;
    pill.hidden = !words;
    return { words: `${body.querySelector("th b").textContent}: ${[money(sum), words].filter(Boolean).join(", ")}`, sum };
  }

  function add() {
    const told = [...table.tBodies].map(supplier);
    const total = told.reduce((sum, one) => sum + (one.sum ?? 0), 0);
    for (const shown of document.querySelectorAll("[data-total]")) shown.textContent = money(total);
    return told;
  }

  function move(field, step) {
    const next = fields[fields.indexOf(field) + step] ?? (step > 0 ? button : null);
    next?.focus();
    next?.select?.();
  }

  table.addEventListener("input", (event) => { if (fields.includes(event.target)) add(); });
  table.addEventListener("change", (event) => { // Read aloud once a line is left, not at every key.
    if (!fields.includes(event.target)) return;
    said.textContent = add()[[...table.tBodies].indexOf(event.target.closest("tbody"))].words;
  });
  table.addEventListener("keydown", (event) => {
    if (!fields.includes(event.target) || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    move(event.target, step);
  });
  add(); // Back in the browser keeps what was typed.
})();
