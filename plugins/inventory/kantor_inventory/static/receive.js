// Receiving a delivery: Enter and arrows go down the column of quantities; without script Enter sends the form.
(() => {
  "use strict";
  const column = document.querySelector("[data-down]");
  if (!column) return;
  const fields = [...column.querySelectorAll('input[name^="quantity-"]')];
  const after = document.querySelector('[name="delivery_note"]');
  column.addEventListener("keydown", (event) => {
    const at = fields.indexOf(event.target);
    if (at < 0 || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = fields[at + step] ?? (step > 0 ? after : null);
    next?.focus();
    next?.select();
  });
})();
