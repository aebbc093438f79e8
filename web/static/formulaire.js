// Brings the person to a field, or to the heading of a step: `<div data-portail-focus="class">` names the class of its element.
(() => {
  "use strict";
  const FOCUSABLE = 'input:not([type="hidden"]):not([tabindex="-1"]), textarea, select, [role="combobox"], button';

  const bring = (name, tries) => {
    const target = document.getElementsByClassName(name)[0];
    if (!target) {
      if (tries > 0) setTimeout(() => bring(name, tries - 1), 100);
      return;
    }
    target.scrollIntoView({ block: target.tabIndex === -1 && target.hasAttribute("tabindex") ? "start" : "center" });
    const field = target.hasAttribute("tabindex") ? target : target.querySelector(FOCUSABLE);
    if (field) field.focus({ preventScroll: true });
  };

  const look = () => {
    const marker = document.querySelector("[data-portail-focus]:not([data-vu])");
    if (!marker) return;
    marker.dataset.vu = "1";
    setTimeout(() => bring(marker.dataset.portailFocus, 20), 50);
  };
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
