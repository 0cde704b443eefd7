// Record pages: what people say about one, and changing a fact where it stands. All of it works without script too.
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // --- what people say: files dropped or pasted, names behind an @, long sending shown ----------------
  const chosenIn = (form) => all("[data-files]", form).flatMap((input) => [...input.files]);

  function showChosen(form) {
    const place = $("[data-chosen]", form);
    place.replaceChildren(...chosenIn(form).map((file) => Object.assign(document.createElement("span"), { className: "chip", textContent: file.name })));
  }

  function addFiles(form, files) {
    const input = $("[data-files]", form);
    const both = new DataTransfer();
    for (const file of [...input.files, ...files]) both.items.add(file);
    input.files = both.files;
    showChosen(form);
  }

  const composerOf = (event) => event.target.closest?.("[data-composer]");
  const bringsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => { const form = composerOf(event); if (form && bringsFiles(event)) { event.preventDefault(); form.classList.add("over"); } });
  document.addEventListener("dragleave", (event) => composerOf(event)?.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    const form = composerOf(event);
    if (!form || !bringsFiles(event)) return;
    event.preventDefault();
    form.classList.remove("over");
    addFiles(form, event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => { const form = composerOf(event); if (form && event.clipboardData?.files.length) { event.preventDefault(); addFiles(form, event.clipboardData.files); } });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-files]")) showChosen(event.target.form); });

  function sayIn(form, words) {
    let place = $("#talk-error", form);
    if (!place) { place = Object.assign(document.createElement("div"), { id: "talk-error", className: "err" }); place.setAttribute("role", "alert"); $(".br", form).before(place); }
    place.textContent = words;
  }

  function sendShowing(form) { // Large files: the same form, with a bar that shows how far it is.
    const request = new XMLHttpRequest();
    const bar = $("[data-progress]", form);
    const body = new FormData(form);
    for (const button of all("button", form)) button.disabled = true;
    bar.hidden = false;
    request.upload.addEventListener("progress", (event) => $("rect", bar).setAttribute("width", `${Math.round(100 * event.loaded / event.total)}%`));
    request.addEventListener("load", () => {
      if (request.status < 400) { location.assign(request.responseURL.split("#")[0] + "#talk"); if (request.responseURL.split("#")[0] === location.href.split("#")[0]) location.reload(); return; }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      sayIn(form, ($("#talk-error", page) ?? $("main h1", page))?.textContent.trim() ?? "");
      const key = $("input[name=_key]", page);
      if (key) form.elements._key.value = key.value;
      bar.hidden = true;
      for (const button of all("button", form)) button.disabled = false;
      form.dispatchEvent(new Event("kantor:again", { bubbles: true }));
    });
    request.addEventListener("error", () => { bar.hidden = true; for (const button of all("button", form)) button.disabled = false; form.dispatchEvent(new Event("kantor:again", { bubbles: true })); });
    request.open("POST", form.action);
    request.send(body);
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("[data-composer]")) return;
    const size = chosenIn(form).reduce((sum, file) => sum + file.size, 0);
    if (size < 500_000) return;
    event.preventDefault();
    if (size <= Number(form.dataset.most)) { sendShowing(form); return; }
    sayIn(form, form.dataset.tooLarge);
    form.dispatchEvent(new Event("kantor:again", { bubbles: true }));
  });

  let asked = 0; // The newest question for names; answers to older ones are dropped.
  function nameBehind(area) {
    const before = area.value.slice(0, area.selectionStart);
    return /(?:^|[^\w.@+-])@([^\n@]{1,40})$/u.exec(before)?.[1] ?? null;
  }

  async function offerNames(area) {
    const words = nameBehind(area);
    const mine = ++asked;
    if (words === null || words.split(" ").length > 3) { closeNames(area); return; }
    const answer = await fetch(`${area.dataset.mentions}?q=${encodeURIComponent(words.trim())}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const list = $(".opts", area.form) ?? area.form.appendChild(Object.assign(document.createElement("div"), { className: "opts", id: "names" }));
    list.setAttribute("role", "listbox");
    list.innerHTML = await answer.text();
    for (const hint of all(".hint", list)) hint.remove();
    area.setAttribute("role", "combobox");
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", "names");
    area.setAttribute("aria-expanded", String(list.childElementCount > 0));
    markName(area, $("[role=option]", list));
  }

  function markName(area, option) {
    for (const other of all("[role=option]", area.form)) other.setAttribute("aria-selected", String(other === option));
    if (!option) { area.removeAttribute("aria-activedescendant"); return; }
    option.id ||= `name-${option.dataset.value}`;
    area.setAttribute("aria-activedescendant", option.id);
  }

  function closeNames(area) {
    $(".opts", area.form)?.remove();
    for (const name of ["role", "aria-expanded", "aria-controls", "aria-activedescendant", "aria-autocomplete"]) area.removeAttribute(name);
  }

  function takeName(area, option) {
    const at = area.selectionStart;
    const begun = nameBehind(area) ?? "";
    const name = `${option.dataset.title} `;
    area.setRangeText(name, at - begun.length, at, "end");
    closeNames(area);
    area.focus();
  }

  document.addEventListener("input", (event) => { if (event.target.matches?.("[data-mentions]")) offerNames(event.target); });
  document.addEventListener("click", (event) => {
    const option = event.target.closest?.("[data-composer] [role=option]");
    if (option) takeName($("[data-mentions]", option.closest("form")), option);
  });
  document.addEventListener("keydown", (event) => {
    const area = event.target;
    if (!area.matches?.("[data-mentions]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); area.form.requestSubmit(); return; }
    const names = all(".opts [role=option]", area.form);
    if (!names.length) return;
    const marked = names.findIndex((name) => name.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); markName(area, names[(marked + step + names.length) % names.length]); }
    else if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); takeName(area, names[Math.max(marked, 0)]); }
    else if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); closeNames(area); }
  });

  // --- changing one fact where it stands: the form of the edit page, one field of it shown ---------------
  const fieldIn = (form, name) => form.elements[name]?.closest?.(".f") ?? $(`[name="${CSS.escape(name)}"]`, form)?.closest(".f");

  async function editHere(link) {
    const place = link.closest("[data-fact]");
    const answer = await fetch(link.href.split("#")[0]).catch(() => null);
    if (!answer?.ok || answer.redirected) { location.assign(link.href); return; }
    const form = $("main form[data-once]", new DOMParser().parseFromString(await answer.text(), "text/html"));
    const field = form && fieldIn(form, link.dataset.edit);
    if (!field) { location.assign(link.href); return; }
    for (const other of all(".f", form)) other.hidden = other !== field;
    for (const other of all(".fields2", form)) if (!other.contains(field)) other.hidden = true; else other.classList.remove("fields2");
    form.removeAttribute("data-watch");
    form.dataset.here = link.dataset.edit;
    const cancel = $(".submit a.g", form);
    if (cancel) cancel.dataset.leave = "";
    for (const part of place.childNodes) if (part.nodeType === 1) part.hidden = true;
    place.append(form);
    const input = $("input:not([type=hidden]), select, textarea", field);
    input?.focus();
    input?.select?.();
  }

  function leaveHere(form) {
    const place = form.closest("[data-fact]");
    form.remove();
    for (const part of place.children) part.hidden = false;
    $("[data-edit]", place)?.focus();
  }

  async function sendHere(form) {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (!answer) { form.submit(); return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) { // It is saved: the page as it is now, with what it says at its foot.
      $("#main").replaceWith($("#main", page));
      const said = $("#toasts", page);
      if (said) $("#toasts")?.replaceWith(said);
      document.dispatchEvent(new CustomEvent("kantor:arrived", { detail: document }));
      $(`[data-edit="${CSS.escape(form.dataset.here)}"]`)?.focus();
      return;
    }
    const theirs = $("main form[data-once]", page);
    const field = theirs && fieldIn(theirs, form.dataset.here);
    const error = field && $(".err", field);
    if (!error) { $("#main").replaceWith($("#main", page)); return; } // A conflict, or another field: the whole page says it.
    const mine = fieldIn(form, form.dataset.here);
    $(".err", mine)?.remove();
    mine.append(error);
    error.setAttribute("role", "alert");
    form.elements._key.value = theirs.elements._key.value;
    form.dispatchEvent(new Event("kantor:again", { bubbles: true }));
    $("input:not([type=hidden]), select, textarea", mine)?.focus();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-edit]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); editHere(link); return; }
    const leave = event.target.closest?.("[data-fact] [data-leave]");
    if (leave) { event.preventDefault(); leaveHere(leave.closest("form")); }
  });
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.matches("form[data-here]")) return;
    event.preventDefault();
    sendHere(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form[data-here]");
    if (form && event.key === "Escape") { event.preventDefault(); leaveHere(form); return; }
    if (form && event.key === "Enter" && event.target.matches("textarea") && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); return; }
    if (event.key.toLowerCase() !== "e" || event.altKey || event.ctrlKey || event.metaKey || document.body.dataset.keys === "off") return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]") || $("dialog[open]")) return;
    const first = $("[data-edit]") ?? $("a[data-key=e]");
    if (first) { event.preventDefault(); first.click(); }
  });
})();
