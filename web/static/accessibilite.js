// What Streamlit's page does not tell a screen reader: which message belongs to which field, and that its menu is a list of
// links only (its list has wrappers that no list may have).
(() => {
  "use strict";
  const FIELDS = 'input:not([type="hidden"]), textarea, [role="combobox"], [role="radiogroup"], [role="spinbutton"]';
  const MESSAGES = '[data-testid="stAlert"]';
  let number = 0;

  const tie = (block) => {
    const messages = [...block.querySelectorAll(MESSAGES)];
    for (const message of messages) message.id ||= `message-${(number += 1)}`;
    const ids = messages.map((message) => message.id).join(" ");
    const wrong = messages.some((message) => message.querySelector('[data-testid="stAlertContentError"]'));
    for (const field of block.querySelectorAll(FIELDS)) {
      if (field.dataset.messages === ids) continue;
      const own = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => !id.startsWith("message-"));
      const all = [...own, ids].join(" ").trim();
      if (all) field.setAttribute("aria-describedby", all);
      else field.removeAttribute("aria-describedby");
      if (wrong) field.setAttribute("aria-invalid", "true");
      else if (field.dataset.messages) field.removeAttribute("aria-invalid");
      field.dataset.messages = ids;
    }
  };

  const look = () => {
    document.querySelectorAll('[class*="st-key-"][class*="-bloc"]').forEach(tie);
    document.querySelectorAll('[data-testid="stSidebarNavItems"]').forEach((list) => {
      list.setAttribute("role", "none");
      list.querySelectorAll("li").forEach((item) => item.setAttribute("role", "none"));
    });
  };

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      look();
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
