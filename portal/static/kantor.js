// Comfort on top of pages that work without script. One listener per kind of event, no inline handlers.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // --- preferences: shown at once, kept by the same form that works without script ---------------
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((octet) => octet.toString(16).padStart(2, "0")).join("");

  function keep(form, name, value) {
    const body = new FormData(form);
    body.set("_key", newKey());
    body.set(name, value);
    fetch(form.action, { method: "POST", body: new URLSearchParams(body), credentials: "same-origin", redirect: "manual" }).catch(() => {});
  }

  function toggleTheme(button) {
    const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = next;
    keep(button.form, "theme", next);
  }

  function toggleSide(button) {
    const narrow = document.body.classList.toggle("narrow");
    button.setAttribute("aria-expanded", String(!narrow));
    keep(button.form, "side", narrow ? "narrow" : "open");
  }

  // --- the menu as a sheet on a phone --------------------------------------------------------------
  const side = () => $("#menu");

  const behind = () => all(".view, .mbar"); // What the sheet covers is out of reach of keys and readers.

  function openSide() {
    if (!side()) return;
    side().classList.add("open");
    for (const part of behind()) part.inert = true;
    side().focus();
  }

  function closeSide() {
    if (!side()?.classList.contains("open")) return;
    side().classList.remove("open");
    for (const part of behind()) part.inert = false;
    $("[data-open-menu]")?.focus();
  }

  // --- menus ---------------------------------------------------------------------------------------
  const closeMenus = (except) => all("details.menu[open]").filter((menu) => menu !== except && !menu.contains(except)).forEach((menu) => { menu.open = false; });

  function moveInMenu(event) {
    const menu = event.target.closest("details.menu");
    if (!menu || event.target.matches("input, select, textarea")) return;
    const stops = [$("summary", menu), ...all(".mit", menu)];
    const at = stops.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (at < 0 || !step || stops.length < 2) return;
    event.preventDefault();
    menu.open = true;
    stops[(at + step + stops.length) % stops.length].focus();
  }

  // --- toasts --------------------------------------------------------------------------------------
  function runToast(toast) {
    const text = toast.innerHTML;
    toast.innerHTML = "";
    requestAnimationFrame(() => { toast.innerHTML = text; }); // A change is announced, what was there already is not.
    let left = 10000;
    let since = Date.now();
    let timer = setTimeout(() => toast.remove(), left);
    const held = new Set(); // What keeps it: the mouse, the focus, or both.
    const pause = (event) => { if (!held.size) { clearTimeout(timer); left -= Date.now() - since; } held.add(event.type.startsWith("mouse") ? "mouse" : "focus"); };
    const resume = (event) => { held.delete(event.type.startsWith("mouse") ? "mouse" : "focus"); if (held.size) return; since = Date.now(); clearTimeout(timer); timer = setTimeout(() => toast.remove(), Math.max(left, 2000)); };
    for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, pause);
    for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, resume);
  }

  document.addEventListener("htmx:error", () => { // No answer at all; an error page would be shown in its place.
    const place = $("#toasts");
    if (!place || place.textContent.includes(place.dataset.offline)) return;
    const toast = document.createElement("div");
    toast.className = "toast2 bad";
    toast.dataset.toast = "";
    toast.append(Object.assign(document.createElement("span"), { textContent: place.dataset.offline }));
    place.append(toast);
    runToast(toast);
  });

  // --- forms: sent once, left only on purpose -------------------------------------------------------
  const entered = (form) => JSON.stringify([...new FormData(form)].filter(([name]) => !["csrf_token", "_key"].includes(name)).map(([name, value]) => [name, value instanceof File ? value.name : value]));
  const before = new WeakMap();
  const sent = new WeakSet();
  const unsaved = (form) => Boolean($(".errs", form)) || entered(form) !== before.get(form);
  const changed = () => all("form[data-watch]").some((form) => before.has(form) && !sent.has(form) && unsaved(form));

  addEventListener("beforeunload", (event) => { if (changed()) event.preventDefault(); });
  addEventListener("pageshow", (event) => { if (event.persisted) all("form[data-once]").forEach((form) => { sent.delete(form); form.removeAttribute("aria-busy"); }); all("form[data-bulk]").forEach(recount); }); // Back shows a page that may be sent again.

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (sent.has(form)) { event.preventDefault(); return; }
    sent.add(form);
    form.setAttribute("aria-busy", "true");
  });

  document.addEventListener("kantor:again", (event) => { sent.delete(event.target); event.target.removeAttribute("aria-busy"); }); // It was refused, and may be sent once more.
  document.addEventListener("kantor:arrived", (event) => settle(event.detail));

  // --- the menu of columns: moved at once; without script every button sends the form -----------------
  function moveColumn(button) {
    const row = button.closest("li");
    const other = button.dataset.move === "1" ? row.nextElementSibling : row.previousElementSibling;
    if (!other) return;
    if (button.dataset.move === "1") other.after(row); else other.before(row);
    if (getComputedStyle(button).visibility === "hidden") $(".ib:not([value=\"" + button.value + "\"])", row).focus(); else button.focus();
  }

  function findColumn(field) {
    const words = field.value.trim().toLocaleLowerCase();
    for (const row of all("li", field.closest("form"))) row.hidden = !row.textContent.toLocaleLowerCase().includes(words);
  }

  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".cols li");
    dragged?.classList.add("dragged");
  });
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.(".cols li");
    if (!over) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    if (over !== dragged) over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
  });
  document.addEventListener("dragend", () => { dragged?.classList.remove("dragged"); dragged = null; });

  // --- rows that are ticked ---------------------------------------------------------------------------
  const boxes = (form) => all(`input[name=id][form="${form.getAttribute("id")}"]`); // form.id is a box of that name.
  let lastTicked = null;

  function recount(form) {
    const every = boxes(form);
    const whole = form.elements.all?.checked;
    const ticked = every.filter((box) => box.checked).length;
    const some = whole || ticked > 0;
    const words = $(".bulk-n", form);
    const text = whole ? form.elements.all.nextElementSibling.textContent : ticked ? words.dataset.some.replace("#", ticked) : words.dataset.none;
    if (words.textContent !== text) words.textContent = text;
    form.classList.toggle("on", Boolean(some));
    for (const button of all("button", form)) button.disabled = !some;
    const head = $(`[data-tick-all="${form.getAttribute("id")}"]`);
    if (!head) return;
    head.checked = ticked > 0 && ticked === every.length;
    head.indeterminate = ticked > 0 && ticked < every.length;
  }

  function ticked(event) {
    const box = event.target;
    if (box.matches("[data-tick-all]")) {
      const form = document.getElementById(box.dataset.tickAll);
      for (const one of boxes(form)) one.checked = box.checked;
      if (!box.checked && form.elements.all) form.elements.all.checked = false;
      recount(form);
    } else if (box.form?.matches("[data-bulk]")) {
      if (box.name === "all") for (const one of boxes(box.form)) one.checked = box.checked;
      else if (!box.checked && box.form.elements.all) box.form.elements.all.checked = false;
      recount(box.form);
    }
  }

  function tickRange(event) { // Shift and a click ticks every row between.
    const box = event.target.closest?.("input[name=id]");
    if (!box?.form?.matches("[data-bulk]")) return;
    const every = boxes(box.form);
    const [from, to] = [every.indexOf(lastTicked), every.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) for (const one of every.slice(from, to + 1)) one.checked = box.checked;
    lastTicked = box;
  }
  document.addEventListener("click", tickRange);

  // --- picking one of many ----------------------------------------------------------------------------
  const options = (picker) => all("[role=option]", picker);

  function markOption(picker, option) {
    for (const other of options(picker)) other.setAttribute("aria-selected", String(other === option));
    const input = $("[role=combobox]", picker);
    if (!option) { input.removeAttribute("aria-activedescendant"); return; }
    option.id ||= `${input.id}-option-${options(picker).indexOf(option)}`;
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function closePicker(picker) {
    $("[role=listbox]", picker).replaceChildren();
    $("[role=combobox]", picker).setAttribute("aria-expanded", "false");
    markOption(picker, null);
  }

  function pick(picker, option) {
    $("[role=combobox]", picker).value = option.dataset.title;
    const kept = $("[data-picked]", picker);
    kept.value = option.dataset.value;
    kept.dispatchEvent(new Event("change", { bubbles: true }));
    closePicker(picker);
  }

  function moveInPicker(event, picker) {
    const found = options(picker);
    const at = found.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "Escape" && found.length) { event.stopPropagation(); closePicker(picker); return; }
    if (event.key === "Enter" && at >= 0) { event.preventDefault(); pick(picker, found[at]); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !found.length) return;
    event.preventDefault();
    markOption(picker, found[at < 0 && step < 0 ? found.length - 1 : (at + step + found.length) % found.length]);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-find-column]")) findColumn(event.target);
    const picker = event.target.matches("[role=combobox]") && event.target.closest("[data-picker]");
    if (!picker) return;
    $("[data-picked]", picker).value = "";
    $("fieldset.opts", picker)?.remove(); // What was offered for the words before.
  });
  document.addEventListener("mousedown", (event) => {
    const option = event.button === 0 && event.target.closest("[data-picker] [role=option]");
    if (!option) return;
    event.preventDefault(); // The field keeps the focus.
    pick(option.closest("[data-picker]"), option); // Not at the click: the next matches may have come by then.
  });
  document.addEventListener("focusout", (event) => {
    const picker = event.target.closest("[data-picker]");
    if (picker && !picker.contains(event.relatedTarget)) closePicker(picker);
  });

  document.addEventListener("htmx:before:swap", (event) => {
    const field = event.target;
    if (!field.matches?.("[role=combobox]")) return;
    const decided = $("[data-picked]", field.closest("[data-picker]")).value;
    if (decided || field !== document.activeElement) event.preventDefault(); // Matches that come too late.
  });

  // A last day that lies before the first one goes along with it: at the end, not while it is typed, and
  // never one that somebody wrote: that is a mistake to be told of.
  function takeAlong(field) {
    const last = field.dataset.takesAlong && document.getElementById(field.dataset.takesAlong);
    if (!last?.value || last.value >= field.value || last.matches("[aria-invalid=true]")) return;
    if (![last.defaultValue, last.dataset.taken].includes(last.value)) return;
    last.value = last.dataset.taken = field.value;
  }
  document.addEventListener("focusout", (event) => takeAlong(event.target));
  document.addEventListener("submit", (event) => all("[data-takes-along]", event.target).forEach(takeAlong), true);

  // --- finding by keyboard ---------------------------------------------------------------------------
  const finder = () => $(".tools input[type=search]");

  const singleKeys = () => document.body.dataset.keys !== "off"; // Kept with the account.

  function find() {
    const field = finder();
    if (field) { field.focus(); field.select(); return; }
    // The list of the app one is in, else the first list of the menu.
    const list = $(".subnav [aria-current]") ?? $(".navi[aria-current=true]") ?? all(".navs", side() ?? document)[1]?.querySelector("a");
    if (list) location.assign(`${list.href}#find`);
  }

  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable], dialog[open]");

  // From row to row: the focus is on what opens the row, so Enter does.
  const lines = () => all("section[id^=list-] table.k tbody tr");
  const opener = (line) => $("td.pri a", line) ?? $("a", line) ?? $("input", line);
  const lineHere = () => document.activeElement?.closest?.("section[id^=list-] tbody tr");

  function moveLine(step) {
    const every = lines();
    const at = every.indexOf(lineHere());
    const next = every[at < 0 ? (step > 0 ? 0 : every.length - 1) : at + step];
    if (next) opener(next)?.focus();
    return every.length > 0;
  }

  function tickLine() {
    const box = $(".sel input", lineHere() ?? document.createElement("tr"));
    box?.click();
    return Boolean(box);
  }

  // The calendar: its pages by one key, its days by the arrows once one of them has the focus.
  function turn(to) {
    const link = $(`[data-cal=${to}]`);
    link?.click();
    return Boolean(link);
  }

  function moveDay(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 7, ArrowUp: -7 }[event.key];
    if (!step || !event.target.matches?.("[data-day]") || event.altKey || event.ctrlKey || event.metaKey) return;
    const days = all("[data-day]");
    const next = days[days.indexOf(event.target) + step];
    event.preventDefault();
    if (next) next.focus(); else turn(step > 0 ? "after" : "before");
  }

  function showKeys() {
    const help = $("#keys");
    if (!help?.showModal) return false;
    for (const entry of all("[data-where]", help)) entry.hidden = !$(entry.dataset.where);
    help.showModal();
    return true;
  }

  // --- the palette: what is found, and what can be done ------------------------------------------------
  const palette = () => $("#palette");
  const paletteField = () => $("#palette-q");
  const offered = () => all("[role=option]", palette());
  let underWay = null; // What was asked last.
  let waiting = 0;

  function markOffer(option) {
    for (const other of offered()) other.setAttribute("aria-selected", String(other === option));
    if (!option) { paletteField().removeAttribute("aria-activedescendant"); return; }
    paletteField().setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  async function askPalette() {
    const list = $("#palette-found");
    underWay?.abort();
    underWay = new AbortController();
    list.classList.add("old"); // What was found before stays until the answer is here.
    try {
      const answer = await fetch(`${palette().dataset.url}?q=${encodeURIComponent(paletteField().value)}`, { credentials: "same-origin", headers: { "HX-Request": "true" }, signal: underWay.signal });
      if (!answer.ok || answer.redirected) { location.assign(`${palette().dataset.page}?q=${encodeURIComponent(paletteField().value)}`); return; }
      list.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      list.textContent = $("#toasts").dataset.offline;
    }
    list.classList.remove("old");
    list.scrollTop = 0;
    offered().forEach((option, number) => { option.id = `palette-${number}`; });
    paletteField().setAttribute("aria-expanded", String(offered().length > 0));
    markOffer(offered()[0]);
    $("#palette-said").textContent = $("[data-said]", list)?.dataset.said ?? list.textContent.trim().slice(0, 200);
  }

  function openPalette() {
    const dialog = palette();
    if (!dialog?.showModal) { find(); return; }
    if (dialog.open) { paletteField().select(); return; }
    closeMenus();
    dialog.showModal();
    paletteField().value = "";
    paletteField().focus();
    askPalette();
  }

  function choose(option) {
    if (!option) return;
    palette().close();
    if (option.dataset.press) { $(option.dataset.press)?.click(); return; }
    location.assign(option.href);
  }

  function moveInPalette(event) {
    const every = offered();
    const at = every.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "Enter" && !event.isComposing) {
      if (event.target !== paletteField()) return;
      event.preventDefault();
      if (waiting || $("#palette-found").classList.contains("old")) location.assign(`${palette().dataset.page}?q=${encodeURIComponent(paletteField().value)}`);
      else choose(every[at]);
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !every.length) return;
    event.preventDefault();
    markOffer(every[(at + step + every.length) % every.length]);
  }

  document.addEventListener("input", (event) => {
    if (event.target !== paletteField()) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => { waiting = 0; askPalette(); }, 120);
  });

  // A record that was looked at for a moment is offered when the palette is opened next.
  function noteOpened() {
    const page = $("#main[data-record]");
    const token = $(".side-foot [name=csrf_token]")?.value;
    if (!page || !token) return;
    const body = new URLSearchParams({ csrf_token: token, record: page.dataset.record });
    fetch(page.dataset.opened, { method: "POST", body, credentials: "same-origin", keepalive: true }).catch(() => {});
  }
  setTimeout(noteOpened, 1500);

  const single = {
    "/": () => { openPalette(); return true; },
    "f": () => { find(); return true; },
    "j": () => turn("after") || moveLine(1),
    "k": () => turn("before") || moveLine(-1),
    "t": () => turn("today"),
    "x": tickLine,
    "u": () => { const button = $("[data-undo]"); button?.click(); return Boolean(button); },
    "?": showKeys,
  };

  function shortcut(event) {
    if (event.isComposing || event.altKey || event.repeat && !"jk".includes(event.key)) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() === "k" && !event.shiftKey) { event.preventDefault(); openPalette(); }
      return;
    }
    const onBox = event.target.matches?.(".sel input"); // A box takes no letters.
    if (!singleKeys() || typing(event.target) && !onBox || $("dialog[open]")) return;
    if (single[event.key]?.()) event.preventDefault();
  }

  const rowLinks = (field) => all("td.pri a", field.closest("section"));

  function moveFromFinder(event) {
    const field = event.target.closest?.("section[id^=list-] :is(.tools input[type=search], td.pri a)");
    if (!field) return;
    const stops = [finder(), ...rowLinks(field)];
    const at = stops.indexOf(field);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && stops[at + step]) { event.preventDefault(); stops[at + step].focus(); return; }
    // Enter opens what was found if that is one row and no longer the rows of the words before.
    const found = new URLSearchParams(location.search).get("q");
    if (event.key === "Enter" && at === 0 && stops.length === 2 && field.value.trim() && found === field.value) { event.preventDefault(); stops[1].click(); }
  }

  // --- one listener for clicks and keys ---------------------------------------------------------------
  const clicks = {
    "[data-toggle-theme]": toggleTheme,
    "[data-toggle-side]": toggleSide,
    "[data-open-menu]": openSide,
    "[data-close-menu]": closeSide,
    "[data-dismiss]": (button) => button.closest("[data-toast]").remove(),
    "[data-reveal]": (button) => {
      const field = document.getElementById(button.dataset.reveal);
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    },
    "[data-move]": moveColumn,
    "[data-show-keys]": showKeys,
    "[data-open-palette]": openPalette,
    "[data-close-palette]": () => palette().close(),
    "#palette [role=option]": choose,
    "[data-print]": () => print(),
    "[data-copy]": (button) => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      if (navigator.clipboard) navigator.clipboard.writeText(field.value);
      else document.execCommand("copy"); // Without HTTPS browsers hide the clipboard.
      button.textContent = button.dataset.done;
    },
    "[data-picker] [role=option]": (option) => pick(option.closest("[data-picker]"), option),
  };
  document.addEventListener("click", (event) => {
    closeMenus(event.target);
    if ((event.ctrlKey || event.metaKey || event.shiftKey) && event.target.closest("#palette a, a[data-open-palette]")) return; // In a tab of its own.
    if (event.target === palette()) { palette().close(); return; } // Beside it.
    for (const [selector, act] of Object.entries(clicks)) {
      const hit = event.target.closest(selector);
      if (hit) { event.preventDefault(); act(hit); return; }
    }
  });
  document.addEventListener("keydown", (event) => {
    if (palette()?.open) { moveInPalette(event); if (event.key !== "k") return; }
    const picker = event.target.closest?.("[data-picker]");
    if (picker) moveInPicker(event, picker);
    if (event.key === "Escape") {
      const open = $("details.menu[open]");
      if (open) { open.open = false; $("summary", open).focus(); } else closeSide();
    }
    moveInMenu(event);
    moveFromFinder(event);
    moveDay(event);
    if (!event.defaultPrevented) shortcut(event);
  });
  document.addEventListener("change", ticked);

  // --- after a page arrives, whole or in part --------------------------------------------------------
  function settle(part) {
    for (const button of all("[data-reveal][hidden], [data-copy][hidden], [data-print][hidden], [data-scripted][hidden]", part)) button.hidden = false;
    for (const row of all(".cols li", part)) row.draggable = true;
    all("form[data-bulk]", part).forEach(recount);
    for (const form of all("form[data-watch]", part)) if (!before.has(form)) before.set(form, entered(form));
    for (const list of all("[data-picker] [role=listbox]", part)) list.classList.add("float");
    for (const hint of all(".tools kbd[hidden]", part)) hint.hidden = !singleKeys();
    $("[data-focus]", part)?.focus();
  }

  // The first thing to fill in has the cursor, where that does not call a keyboard up over the page.
  function begin() {
    const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (named && named.matches("button, summary")) { // Some browsers leave the menu closed that an address leads into.
      const menu = named.closest("details.menu");
      if (menu && named.matches("button")) menu.open = true;
      named.focus();
      return;
    }
    if (location.hash === "#find" || new URLSearchParams(location.search).get("q")) { const field = finder(); field?.focus(); field?.select(); return; }
    const field = $(".form-page [data-begin]") ?? $(".form-page form[data-watch] :is(input:not([type=hidden]), select, textarea)");
    const empty = field?.matches("[data-begin], input:not([role=combobox]):not([type=radio]):not([type=checkbox]):not([type=date]):not([type=file]), textarea") && !field.value;
    if (empty && !$("[data-focus]") && matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
  }
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail?.ctx?.target ?? event.target;
    const list = target.closest?.("[data-picker] [role=listbox]");
    if (list) {
      $("[role=combobox]", list.closest("[data-picker]")).setAttribute("aria-expanded", String(list.childElementCount > 0));
      return;
    }
    settle(document);
    if (!document.activeElement || document.activeElement === document.body) $("#main")?.focus();
  });
  settle(document);
  begin();
  all("[data-toast]").forEach(runToast);
})();
