// Links between pages without reloading: Streamlit listens to the browser's history, so moving there is enough. Without
// this script they are ordinary links. Also the selection of lines in a list, sent as one address.
(() => {
  "use strict";
  const plain = (event) =>
    event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;

  const go = (link) => {
    history.pushState({}, "", link.href);
    window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
    if (link.dataset.lien === "page") document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
  };

  // A field sends its value a moment after it is left. A tap on a link leaves the field and follows the link at once: the
  // link waits for the value, which would otherwise reach a page that no longer has the field.
  const PAUSE = 120;
  let left = -PAUSE;
  document.addEventListener("focusout", (event) => {
    if (event.target instanceof Element && event.target.matches("input, textarea")) left = performance.now();
  });

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-lien]");
    if (!link || !plain(event)) return;
    event.preventDefault();
    setTimeout(go, Math.max(0, left + PAUSE - performance.now()), link);
  });

  const chosen = (form) => [...form.querySelectorAll('input[name="ids"]:checked')].map((box) => box.value);

  const tell = (form) => {
    const boxes = form.querySelectorAll('input[name="ids"]');
    const count = chosen(form).length;
    const all = form.querySelector("input[data-tout]");
    if (all) {
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    }
    const said = form.querySelector("[data-compte]");
    if (said && count > 0) said.textContent = count === 1 ? "1 ligne cochée." : `${count} lignes cochées.`;
    else if (said) said.textContent = said.dataset.compte;
  };

  document.addEventListener("change", (event) => {
    const form = event.target instanceof Element && event.target.closest("form[data-selection]");
    if (!form) return;
    if (event.target.matches("input[data-tout]"))
      form.querySelectorAll('input[name="ids"]').forEach((box) => (box.checked = event.target.checked));
    tell(form);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("form[data-selection]")) return;
    event.preventDefault();
    const ids = chosen(form);
    const said = form.querySelector("[data-compte]");
    if (ids.length) location.assign(`${form.getAttribute("action")}?ids=${ids.join(",")}`);
    else if (said) said.textContent = "Cochez d’abord au moins une ligne.";
  });
})();
