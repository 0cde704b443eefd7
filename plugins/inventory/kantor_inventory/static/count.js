// Counting by keyboard: every line is saved by itself as it is entered. Without script each is a form of its own.
(() => {
  "use strict";
  const table = document.querySelector("[data-count]");
  const quantities = () => [...table.querySelectorAll("input[name=quantity]")];

  function show(row, text) {
    const say = row.querySelector(".say");
    if (say) say.textContent = text;
    row.classList.add("ask");
  }

  function progress(far) {
    const shown = document.querySelector("[data-progress] .meter-w .num");
    const bar = document.querySelector("[data-progress] rect");
    if (shown) shown.textContent = far.dataset.far;
    if (bar) bar.setAttribute("width", `${far.dataset.part}%`);
  }

  const entered = (form) => JSON.stringify(["quantity", "unit", "singles"].map((name) => form.elements[name]?.value ?? ""));
  const before = new WeakMap();
  const remember = (part) => part.querySelectorAll("[data-count-row]").forEach((form) => before.set(form, entered(form)));

  async function save(form, { act = "save", move = true } = {}) {
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    const row = form.closest("tr");
    const body = new URLSearchParams(new FormData(form));
    body.set("act", act);
    body.set("row", "1");
    try {
      const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
      const parsed = document.createElement("template");
      parsed.innerHTML = await answer.text();
      const fresh = parsed.content.querySelector("tr[data-line]");
      if (!fresh) { location.reload(); return; } // Signed out, or the count is closed: the page says so.
      const far = parsed.content.querySelector("tr[data-far]");
      const next = quantities()[quantities().indexOf(row.querySelector("input[name=quantity]")) + 1];
      row.replaceWith(fresh);
      remember(fresh);
      if (far) progress(far);
      if (!move) return;
      const kept = answer.ok && !fresh.classList.contains("ask"); // Else it asks once more, or says what is wrong.
      const field = kept ? next ?? document.querySelector("[data-code]") : fresh.querySelector("[aria-invalid=true], input[name=quantity]");
      field?.focus();
      field?.select?.();
    } catch {
      delete form.dataset.busy;
      show(row, table.dataset.unsaved);
    }
  }

  if (table) {
    table.classList.add("live"); // Every line is saved by itself: no button is needed for it.
    remember(document);
    table.addEventListener("submit", (event) => {
      event.preventDefault();
      save(event.target, { act: event.submitter?.value ?? "save" });
    });
    table.addEventListener("focusout", (event) => { // Leaving a line keeps what was typed, as Enter does.
      const form = event.target.closest("[data-count-row]");
      if (form && !form.contains(event.relatedTarget) && entered(form) !== before.get(form)) save(form, { move: false });
    });
    table.addEventListener("change", (event) => {
      if (event.target.name !== "unit") return;
      const form = event.target.form;
      form.querySelector(".sg")?.classList.toggle("off", event.target.selectedIndex === 0);
    });
    table.addEventListener("keydown", (event) => {
      const form = event.target.closest("[data-count-row]");
      if (!form) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && event.target.name === "quantity") {
        const all = quantities();
        const field = all[all.indexOf(event.target) + step];
        if (field) { event.preventDefault(); field.focus(); field.select(); }
      }
      if (event.altKey && event.key.toLowerCase() === "u" && form.elements.unit?.options) {
        event.preventDefault();
        const unit = form.elements.unit;
        unit.selectedIndex = (unit.selectedIndex + 1) % unit.options.length;
        unit.dispatchEvent(new Event("change", { bubbles: true }));
      }
      if (event.altKey && event.key.toLowerCase() === "n") { event.preventDefault(); save(form, { act: "missed" }); }
      if (event.key === "Enter" && event.target.matches("select")) { event.preventDefault(); save(form); }
    });
  }

  // One item on a phone: one fewer, one more.
  const quantity = document.getElementById("quantity");
  for (const button of document.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const now = /^\d*$/.test(quantity.value.trim()) ? Number(quantity.value || 0) : null;
      if (now === null) return;
      quantity.value = String(Math.max(0, now + Number(button.dataset.step)));
      quantity.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  const singles = document.querySelector("[data-singles]");
  const beside = () => { singles.hidden = document.querySelector("input[name=unit]:checked")?.value === singles.dataset.singles; };
  if (singles) { beside(); document.getElementById("unit").addEventListener("change", beside); }
  if (quantity && matchMedia("(pointer: fine)").matches) { quantity.focus(); quantity.select(); }
})();
