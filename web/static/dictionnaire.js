// French for what Streamlit says by itself: it has no translations. Whole texts and attributes are replaced as they appear;
// what the portal itself writes (Markdown, HTML) is left alone. tests/e2e/test_shell.py looks for what was forgotten.
(() => {
  "use strict";

  // The calendar and the reading of numbers follow the browser's language: here it is French for everybody.
  Object.defineProperty(navigator, "language", { get: () => "fr-FR", configurable: true });
  Object.defineProperty(navigator, "languages", { get: () => ["fr-FR", "fr"], configurable: true });

  const WORDS = {
    // Frame and menus
    "Skip to main content": "Aller au contenu",
    "App pages": "Pages du portail",
    "Collapse sidebar": "Masquer le menu",
    "Expand sidebar": "Afficher le menu",
    Sidebar: "Menu",
    "Main menu": "Menu principal",
    "View less": "Voir moins",
    "Navigate to home page": "Aller à l’accueil",
    Logo: "Logo",
    Notifications: "Notifications",
    Close: "Fermer",
    Dismiss: "Fermer",
    Print: "Imprimer",
    Rerun: "Actualiser",
    "Always rerun": "Toujours actualiser",
    "Auto rerun": "Actualisation automatique",
    "Record a screencast": "Enregistrer l’écran",
    "Report a bug": "Signaler un problème",
    "Get help": "Obtenir de l’aide",
    About: "À propos",
    Theme: "Apparence",
    System: "Système",
    Light: "Clair",
    Dark: "Sombre",
    "Clear cache": "Vider le cache",
    "Clear caches": "Vider les caches",
    "Copy version to clipboard": "Copier le numéro de version",
    "(opens in new tab)": "(nouvel onglet)",
    "opens in new tab": "nouvel onglet",
    "Link to heading": "Lien vers ce titre",
    "Scroll tabs left": "Onglets précédents",
    "Scroll tabs right": "Onglets suivants",
    // Waiting and connection
    "Running...": "En cours…",
    Running: "En cours…",
    Stop: "Arrêter",
    "Stopping...": "Arrêt…",
    "Stop script": "Arrêter",
    "Please wait...": "Veuillez patienter…",
    "Loading...": "Chargement…",
    Connecting: "Connexion…",
    CONNECTING: "Connexion…",
    "Connecting to Streamlit server": "Connexion au serveur…",
    "Connection error": "Connexion interrompue",
    "Connection timed out.": "Le serveur ne répond pas.",
    "Connection lost. Please wait for the app to reconnect, then try again.":
      "Connexion perdue. Attendez qu’elle se rétablisse, puis recommencez.",
    "Error:": "Erreur :",
    "Network error": "Erreur de réseau",
    "Network Error": "Erreur de réseau",
    "Request timed out": "Le serveur ne répond pas.",
    "Try again": "Réessayer",
    Retry: "Réessayer",
    "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:":
      "Le portail ne répond pas. Il reprendra dès que la connexion sera rétablie ; ce qui était enregistré est conservé.",
    "Streamlit server is not responding. Are you connected to the internet?":
      "Le portail ne répond pas. Vérifiez votre connexion à internet ; ce qui était enregistré est conservé.",
    "Cannot load Streamlit frontend code. This can happen when you update Streamlit while a Streamlit app is running.":
      "Le portail vient d’être mis à jour. Rechargez la page.",
    "Page not found": "Page introuvable",
    "Unknown error": "Erreur inconnue",
    "Unknown Error": "Erreur inconnue",
    "Script execution error": "Une erreur s’est produite",
    "Bad message format": "Échange interrompu",
    // Fields
    "This field is required.": "Ce champ est obligatoire.",
    "Invalid input.": "Saisie non valable.",
    "Enter a valid email address.": "Saisissez une adresse électronique valable.",
    "Enter a valid URL.": "Saisissez une adresse de site valable.",
    "you@example.com": "prenom.nom@exemple.fr",
    "https://example.com": "https://www.exemple.fr",
    "Show password": "Afficher le mot de passe",
    "Hide password": "Masquer le mot de passe",
    "Show password text": "Afficher le mot de passe",
    "Hide password text": "Masquer le mot de passe",
    "Clear entry": "Effacer la saisie",
    "Clear value": "Effacer la valeur",
    "Clear all": "Tout effacer",
    "Clear selection": "Effacer la sélection",
    "Press Enter to apply": "Entrée pour valider",
    "Press Enter to submit form": "Entrée pour envoyer",
    "Press Ctrl+Enter to apply": "Ctrl+Entrée pour valider",
    "Press Ctrl+Enter to submit form": "Ctrl+Entrée pour envoyer",
    "Press ⌘+Enter to apply": "⌘+Entrée pour valider",
    "Press ⌘+Enter to submit form": "⌘+Entrée pour envoyer",
    Increment: "Augmenter",
    Decrement: "Diminuer",
    Plus: "Plus",
    Minus: "Moins",
    Open: "Ouvrir la liste",
    "No results": "Aucun résultat",
    "No options": "Aucun choix",
    "No options to select": "Aucun choix possible",
    "No options to select.": "Aucun choix possible.",
    "Choose an option": "Choisissez",
    "Choose options": "Choisissez",
    "Select an option": "Choisissez",
    "Add options": "Ajoutez des choix",
    "Add an option": "Ajoutez un choix",
    "Select...": "Choisissez…",
    "Select all": "Tout choisir",
    "Selected values": "Valeurs choisies",
    "Selectbox options": "Choix possibles",
    "Multiselect options": "Choix possibles",
    Selectbox: "Liste de choix",
    Multiselect: "Liste de choix",
    "Type to search": "Tapez pour chercher",
    "Number is above the allowed range.": "Ce nombre est trop grand.",
    "Number is below the allowed range.": "Ce nombre est trop petit.",
    // Dates and times
    "Choose date": "Choisir une date",
    "Choose date and time": "Choisir une date et une heure",
    "Choose date range": "Choisir une période",
    "Clear date": "Effacer la date",
    "Clear dates": "Effacer les dates",
    "Clear time": "Effacer l’heure",
    "Clear date and time": "Effacer la date et l’heure",
    "Date range": "Période",
    Calendar: "Calendrier",
    Time: "Heure",
    "Next month": "Mois suivant",
    "Previous month": "Mois précédent",
    "Use arrow keys to navigate dates. Enter to select. Escape to close.":
      "Flèches pour changer de date, Entrée pour choisir, Échap pour fermer.",
    "Use arrow keys to navigate. Enter to select. Tab to switch between calendar and time. Escape to close.":
      "Flèches pour se déplacer, Entrée pour choisir, Tabulation pour passer à l’heure, Échap pour fermer.",
    "Quick select a date range": "Choisir une période courante",
    "Hours must be 0–23.": "L’heure va de 0 à 23.",
    "Minutes must be 0–59.": "Les minutes vont de 0 à 59.",
    "Invalid time format. Please use HH:MM.": "Saisissez l’heure sous la forme HH:MM.",
    "Past Week": "7 derniers jours",
    "Past Month": "30 derniers jours",
    "Past 3 Months": "3 derniers mois",
    "Past 6 Months": "6 derniers mois",
    "Past Year": "12 derniers mois",
    "Past 2 Years": "2 dernières années",
    // Files
    Upload: "Choisir un fichier",
    "Upload directories": "Choisir un dossier",
    "Browse files": "Choisir un fichier",
    "dd": "jj",
    "yyyy": "aaaa",
    "Add files": "Ajouter des fichiers",
    "Drag and drop a file here": "Glissez-déposez un fichier ici",
    "Drag and drop files here": "Glissez-déposez des fichiers ici",
    "Drag and drop file here": "Glissez-déposez un fichier ici",
    "Drag and drop directories here": "Glissez-déposez un dossier ici",
    "file upload": "dépôt de fichier",
    "Too many files": "Trop de fichiers",
    "Only one file is allowed.": "Un seul fichier à la fois.",
    "File size is too small.": "Ce fichier est vide.",
    "Upload failed": "L’envoi du fichier a échoué.",
    "Click to retry upload": "Recommencer l’envoi",
    "Unexpected error. Please try again.": "L’envoi du fichier a échoué. Recommencez.",
    "An error has occurred, please try again.": "Une erreur s’est produite. Recommencez.",
    "Download failed": "Le téléchargement a échoué.",
    // Tables, pages of a list, figures
    Pagination: "Pages",
    "Next page": "Page suivante",
    "Previous page": "Page précédente",
    "Scrollable table": "Tableau à faire défiler",
    Fullscreen: "Plein écran",
    "Close fullscreen": "Quitter le plein écran",
    "Download as CSV": "Télécharger (CSV)",
    "Download as PNG": "Télécharger (PNG)",
    "Download as SVG": "Télécharger (SVG)",
    "Save as PNG": "Télécharger (PNG)",
    "Save as SVG": "Télécharger (SVG)",
    "View Source": "Voir la source",
    "Copy Vega-Lite spec": "Copier la description du graphique",
    "Copied!": "Copié",
    "View Compiled Vega": "Voir la source compilée",
    "Open in Vega Editor": "Ouvrir dans l’éditeur Vega",
    "Show data": "Voir les données",
    "Show chart": "Voir le graphique",
    "Show/hide columns": "Choisir les colonnes",
    Search: "Rechercher",
    "Close Search": "Fermer la recherche",
    "Next Result": "Résultat suivant",
    "Previous Result": "Résultat précédent",
    "Sort ascending": "Tri croissant",
    "Sort descending": "Tri décroissant",
    "Pin column": "Figer la colonne",
    "Unpin column": "Libérer la colonne",
    "Hide column": "Masquer la colonne",
    Autosize: "Ajuster la largeur",
    Statistics: "Statistiques",
    "Copy column name": "Copier le nom de la colonne",
    "Dataframe column menu": "Menu de la colonne",
    "Add row": "Ajouter une ligne",
    "Delete row(s)": "Supprimer les lignes",
    Empty: "Vide",
    empty: "vide",
    "No data": "Aucune donnée",
    Copy: "Copier",
    Copied: "Copié",
    "Copy to clipboard": "Copier",
    Cancel: "Annuler",
  };

  const PARTS = { day: "jour", month: "mois", year: "année", hour: "heure", minute: "minute" };
  const MONTHS = {
    January: "janvier",
    February: "février",
    March: "mars",
    April: "avril",
    May: "mai",
    June: "juin",
    July: "juillet",
    August: "août",
    September: "septembre",
    October: "octobre",
    November: "novembre",
    December: "décembre",
  };
  // « 30.0MB » is « 30 Mo », « 12.5KB » is « 12,5 ko ».
  const size = (n, unit) => `${n.replace(/\.0$/, "").replace(".", ",")} ${unit === "K" ? "k" : unit}o`;
  const PATTERNS = [
    [/^View (\d+) more$/, "Voir $1 de plus"],
    // A button of a table's toolbar, with the table's name
    [/^([A-Z][A-Za-z/() ]+): (.+)$/, (text, what, name) => (WORDS[what] ? `${WORDS[what]} : ${name}` : text)],
    [/^(\d+(?:[.,]\d+)?) ?([KMG])B per file$/, (_, n, unit) => `${size(n, unit)} par fichier`],
    [/^(\d+(?:[.,]\d+)?) ?([KMG])B per file(.*)$/, (_, n, unit, rest) => `${size(n, unit)} par fichier${rest}`],
    [/^Limit (.*) per file(.*)$/, "Limite $1 par fichier$2"],
    [/^File must be (\d+(?:[.,]\d+)?) ?([KMG])B or smaller\.$/, (_, n, unit) => `Ce fichier dépasse ${size(n, unit)}.`],
    [/^(\d+(?:\.\d+)?) ?([KMG]?)B$/, (_, n, unit) => size(n, unit)],
    [/^(.+), (\d+(?:\.\d+)?) ?([KMG]?)B$/, (_, name, n, unit) => `${name}, ${size(n, unit)}`],
    [/^File is larger than (.*)$/, "Ce fichier dépasse la taille permise."],
    [/^File is smaller than (.*)$/, "Ce fichier est trop petit."],
    [/^File type must be .*$/, "Ce type de fichier n’est pas accepté."],
    [/^(.*) files are not allowed\.$/, "Ce type de fichier n’est pas accepté."],
    [/^.*Request failed with status code 413.*$/, "Ce fichier est trop volumineux."],
    [/^.*Request failed with status code \d+.*$/, "L’envoi a échoué. Recommencez."],
    [/^Remove (.+)$/, "Retirer $1"],
    [/^Cancel upload of (.+)$/, "Annuler l’envoi de $1"],
    [/^Add: (.+)$/, "Ajouter : $1"],
    [/^Select (\d+) matches$/, "Choisir les $1 réponses"],
    [/^You can only select up to (\d+) options?\. Remove an option first\.$/, "Vous pouvez choisir $1 réponses au plus."],
    [/^Help for (.+)$/, "Aide : $1"],
    [/^Page (\d+)$/, "Page $1"],
    [/^Choose date, (.+)$/, "Choisir une date, $1"],
    [/^(day|month|year|hour|minute), (.+)$/, (_, part, rest) => `${PARTS[part]}, ${rest}`],
    [/^(\d{1,2}) – ([A-Z][a-z]+)$/, (_, number, month) => `${number} – ${MONTHS[month] || month}`],
    // Announcements to screen readers
    [/^(\d+) options? available\.$/, "$1 choix possibles."],
    [/^(.*), selected$/, "$1, choisi"],
    [/^Selected Date: ([A-Z][a-z]+) (\d+), (\d+)$/, (_, month, day, year) => `Date choisie : ${day} ${MONTHS[month] || month} ${year}`],
    [/^Entered group (.*), with (\d+) options?\.(.*)$/, "Groupe $1, $2 choix.$3"],
    [/^Selected (.+?)\. (.+)$/, "Choix : $1. $2"],
    [/^Connection failed with status .*$/, "La connexion a échoué."],
    [/^Cannot connect to Streamlit.*$/s, "La connexion au portail a échoué. Rechargez la page."],
    [/^The page that you have requested does not seem to exist.*$/s, "Cette page n’existe pas. Voici l’accueil."],
    [/Running the app's main page\.?$/, "Cette page n’existe pas. Voici l’accueil."],
    [/^Number is above the allowed range\. Please enter a value less than or equal to (.+)\.$/, "Saisissez un nombre d’au plus $1."],
    [/^Number is below the allowed range\. Please enter a value greater than or equal to (.+)\.$/, "Saisissez un nombre d’au moins $1."],
    [/^Number is outside the allowed range\. Please enter a value between (.+) and (.+)\.$/, "Saisissez un nombre entre $1 et $2."],
    [/^Date set outside allowed range\. Please select a date between (.+) and (.+)\.$/, "Choisissez une date entre le $1 et le $2."],
    [/^Date set outside allowed range\. Please select a date on or after (.+)\.$/, "Choisissez une date à partir du $1."],
    [/^Date set outside allowed range\. Please select a date on or before (.+)\.$/, "Choisissez une date jusqu’au $1."],
    [/^: (Date set|Number is|Invalid|This field)(.*)$/, (_, start, rest) => ` : ${translate(start + rest) || start + rest}`],
    [/^Invalid input\. Must match pattern: .*$/, "Saisie non valable."],
    [/^Time is out of range.*$/, "Cette heure est hors des limites."],
  ];
  const ATTRIBUTES = ["aria-label", "placeholder", "title", "alt", "aria-description", "aria-roledescription", "aria-valuetext"];
  const OURS = '[data-testid="stMarkdownContainer"], .stHtml, [data-testid="stHtml"], pre, code, textarea';
  const THEIRS =
    '[data-testid="stTooltipContent"], [data-testid="stTooltipErrorContent"], [data-testid="stFileUploader"] button';

  function translate(text) {
    const bare = text.trim();
    if (!bare) return null;
    if (Object.prototype.hasOwnProperty.call(WORDS, bare)) return text.replace(bare, () => WORDS[bare]);
    for (const [pattern, french] of PATTERNS) {
      const said = bare.replace(pattern, french);
      if (said !== bare) return said; // a pattern that knows no word for it leaves the text to the next
    }
    return null;
  }

  function ours(element) {
    return element && element.closest(OURS) && !element.closest(THEIRS);
  }

  function fixText(node) {
    if (node.data.length > 400 || ours(node.parentElement)) return;
    const french = translate(node.data);
    if (french !== null && french !== node.data) node.data = french;
  }

  function fixAttribute(element, name) {
    const value = element.getAttribute(name);
    const french = value && value.length < 400 ? translate(value) : null;
    if (french !== null && french !== value) element.setAttribute(name, french);
  }

  function fix(node) {
    if (node.nodeType === Node.TEXT_NODE) return fixText(node);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    for (const name of ATTRIBUTES) if (node.hasAttribute(name)) fixAttribute(node, name);
    if (node.matches("pre, code")) return;
    for (const child of node.childNodes) fix(child);
  }

  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "characterData") fixText(change.target);
      else if (change.type === "attributes") fixAttribute(change.target, change.attributeName);
      else change.addedNodes.forEach(fix);
    }
  }).observe(document.documentElement, {
    childList: true,
    subtree: true,
    characterData: true,
    attributes: true,
    attributeFilter: ATTRIBUTES,
  });
})();
