// Runs in every page of the browser tests, before its own scripts. It reads what the page and the portal say to each other and
// writes on <html> whether an answer is awaited: data-activite="attente", then "repos". Between the click and the first sign
// that the portal has begun, the page itself looks at rest: a test that acts then meets elements that are about to be replaced.
(() => {
  "use strict";
  if (window.top !== window) return;
  const RERUN = 11, BEGUN = 4, ENDED = 6, ENDED_FOR_ANOTHER = 2; // fields of Streamlit's BackMsg and ForwardMsg, and a status
  const SOON = 1000; // milliseconds within which a link that was clicked asks the portal (web/static/navigation.js lets fields go first)
  let begun = false, asked = 0;

  const show = (activity) => { document.documentElement.dataset.activite = activity; };

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
      else at += number();
      found.set(Math.floor(tag / 8), value);
    }
    return found;
  };

  const heard = (data) => {
    const told = fields(data);
    if (told.has(BEGUN)) begun = true;
    else if (begun && told.has(ENDED) && told.get(ENDED) !== ENDED_FOR_ANOTHER) show("repos");
  };

  addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("a[data-lien]")) return;
    const before = asked;
    show("attente");
    setTimeout(() => asked === before && show("repos"), SOON);
  }, true);

  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      show("attente");
      window.derniereConnexion = this;
      this.addEventListener("message", (event) => event.data instanceof ArrayBuffer && heard(event.data));
      this.addEventListener("close", () => show("repos"));
    }

    send(data) {
      if (data instanceof Uint8Array && fields(data).has(RERUN)) {
        begun = false;
        asked += 1;
        show("attente");
      }
      super.send(data);
    }
  };
})();
