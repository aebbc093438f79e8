// Login exchange and logout. External file: the content security policy forbids inline scripts.
(() => {
  "use strict";
  const post = (url, body) =>
    fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body || {}),
    });

  let busy = false;
  const once = async (work) => {
    if (busy) return;
    busy = true;
    try {
      await work();
    } catch (error) {
      busy = false;
    }
  };

  // The portal's own downloads, and nothing else: the address comes from whoever made the link.
  const DOWNLOAD = /^\/(fichiers\/[\w-]+|dossiers\/[\w-]+\/\w+\.\w+|conventions\.zip|journal\.csv|exports\/[\w.-]+)(\?[^#]*)?$/;

  const download = (element, address) => {
    const home = document.createElement("a");
    home.href = "/";
    home.textContent = "Aller à l’accueil";
    element.textContent = "Le fichier demandé se télécharge. ";
    element.append(home);
    location.assign(address);
  };

  const login = (element) =>
    once(async () => {
      const answer = await post("/auth/echange", { ticket: element.dataset.portailTicket });
      if (answer.ok) {
        // A reload keeps the address: whoever came for a page gets that page.
        const wanted = new URLSearchParams(location.search).get("suite") || "";
        if (DOWNLOAD.test(wanted)) download(element, wanted);
        else if (location.pathname.replace(/\/$/, "").match(/\/(connexion|invitation|mot_de_passe)$/)) location.replace("/");
        else location.reload();
      } else {
        element.textContent = await answer.text();
        busy = false;
      }
    });

  const logout = () =>
    once(async () => {
      await post("/auth/deconnexion");
      location.replace("/connexion");
    });

  const look = () => {
    const ticket = document.querySelector("[data-portail-ticket]:not([data-vu])");
    if (ticket) {
      ticket.dataset.vu = "1";
      login(ticket);
    }
    if (document.querySelector("[data-portail-sortie]")) logout();
  };
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
