// Brings the person to a field, or to the heading of a step: `<div data-portail-focus="class">` names the class of its element.
(() => {
  "use strict";
  const FOCUSABLE = 'input:not([type="hidden"]):not([tabindex="-1"]), textarea, select, [role="combobox"], button';

  // The element comes first, its input a moment later: both are waited for.
  const bring = (name, tries) => {
    const target = document.getElementsByClassName(name)[0];
    if (target && target.matches(".stHeading")) target.setAttribute("tabindex", "-1");
    const heading = target && target.hasAttribute("tabindex");
    const field = heading ? target : target && target.querySelector(FOCUSABLE);
    if (!field) {
      if (tries > 0) setTimeout(() => bring(name, tries - 1), 100);
      return;
    }
    target.scrollIntoView({ block: heading ? "start" : "center" });
    field.focus({ preventScroll: true });
  };

  const look = () => {
    const marker = document.querySelector("[data-portail-focus]:not([data-vu])");
    if (!marker) return;
    marker.dataset.vu = "1";
    setTimeout(() => bring(marker.dataset.portailFocus, 100), 50);
  };
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
