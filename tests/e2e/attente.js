// Runs in every page of the browser tests, before its own scripts. It reads what the page and the portal say to each other and
// writes on <html> whether an answer is awaited: data-activite="attente", then "repos". Between the click and the first sign
// that the portal has begun, the page itself looks at rest: a test that acts then meets elements that are about to be replaced.
(() => {
  "use strict";
  if (window.top !== window) return;
  const RERUN = 11, BEGUN = 4, ENDED = 6, ENDED_FOR_ANOTHER = 2; // fields of Streamlit's BackMsg and ForwardMsg, and a status
  const SOON = 1000; // milliseconds within which a link that was clicked asks the portal: it lets the field just left go first
  let begun = false, waiting = false, asked = 0, gestures = 0;

  window.fieldsAreGone = () => !gestures; // what was typed has left the page, answered or not

  // What unfolds does it at once: until it has, a click inside is lost.
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (...given) {
    const animation = animate.apply(this, given);
    if (animation.effect.getComputedTiming().endTime < Infinity) animation.finish();
    return animation;
  };

  const show = () => { document.documentElement.dataset.activite = waiting || gestures ? "attente" : "repos"; };
  const wait = (value) => { waiting = value; show(); };

  // A gesture may ask something, a moment after it: React first draws what it changed.
  const gesture = (event) => {
    if (!document.documentElement.dataset.activite) return;
    const link = event.type === "click" && event.target instanceof Element && event.target.closest("a[data-lien]");
    const before = asked, end = performance.now() + (link ? SOON : 60);
    let frames = 0;
    gestures += 1;
    show();
    const look = () => {
      frames += 1;
      if (asked !== before || (performance.now() > end && frames > 3)) {
        gestures -= 1;
        show();
      } else setTimeout(look, 20);
    };
    setTimeout(look, 20);
  };
  for (const kind of ["click", "focusout", "change", "keydown"]) addEventListener(kind, gesture, true);

  // The fields of a protobuf message, one level: number to value (a number, or true for what is longer).
  const fields = (data) => {
    const bytes = new Uint8Array(data.buffer || data, data.byteOffset || 0, data.byteLength), found = new Map();
    let at = 0;
    const number = () => {
      let value = 0, scale = 1, byte;
      do { byte = bytes[at++]; value += (byte & 127) * scale; scale *= 128; } while (byte & 128);
      return value;
    };
    while (at < bytes.length) {
      const tag = number(), kind = tag % 8;
      let value = true;
      if (kind === 0) value = number();
      else if (kind === 1) at += 8;
      else if (kind === 5) at += 4;
      else { const size = number(); at += size; } // not « at += number() »: that reads `at` before number() moves it
      found.set(Math.floor(tag / 8), value);
    }
    return found;
  };

  const heard = (data) => {
    const told = fields(data);
    if (told.has(BEGUN)) begun = true;
    else if (begun && told.has(ENDED) && told.get(ENDED) !== ENDED_FOR_ANOTHER) wait(false);
  };

  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      wait(true);
      window.derniereConnexion = this;
      this.addEventListener("message", (event) => event.data instanceof ArrayBuffer && heard(event.data));
      this.addEventListener("close", () => wait(false));
    }

    send(data) {
      if (data instanceof Uint8Array && fields(data).has(RERUN)) {
        begun = false;
        asked += 1;
        wait(true);
      }
      super.send(data);
    }
  };
})();
