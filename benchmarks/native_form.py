"""The heaviest form page written by hand: the same native elements, in the same order, in one script, saving nothing."""

import streamlit as st

AIDE = '<p class="p-aide">{}</p>'
ETAPES = ("Collectivité", "Locaux", "Référent", "Votre besoin", "Délibération", "Récapitulatif et dépôt")
EQUIPEMENTS = {
    "Accueil des agents": (
        "Les conversations ne s’entendent pas de l’extérieur (confidentialité totale)",
        "Le local respecte les règles sanitaires",
        "Un espace d’attente est réservé aux agents reçus",
    ),
    "Bureau et mobilier": (
        "Le bureau est individuel pendant les permanences",
        "Une table de bureau",
        "Un fauteuil",
        "Des chaises pour les personnes reçues",
        "Une armoire fermant à clé pour les dossiers",
        "L’assistant est seul à détenir la clé de l’armoire",
        "Un porte-manteau",
    ),
    "Téléphone et informatique": (
        "Une ligne téléphonique propre, sans restriction d’appel",
        "Un répondeur sur cette ligne",
        "Un accès à internet",
        "Une imprimante",
        "Un photocopieur accessible",
    ),
    "Installation": ("Un éclairage suffisant", "Des prises de courant en nombre suffisant"),
}
JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def enregistrer() -> None:
    st.session_state["enregistre"] = "Enregistré"


st.set_page_config(page_title="Dossier", layout="wide")
st.html('<div class="portail-bandeau"><p>Centre interdépartemental de gestion</p></div>')
st.sidebar.html("<p>Camille Exemple</p>")
st.sidebar.button("Se déconnecter", type="tertiary", key="sortie")
st.title("Dossier D-2026-0001", anchor=False)
st.html("<p>Choisy-le-Roi – Service social du travail</p>")
st.html(
    "<nav><ol>"
    + "".join(f'<li><a href="?etape={e}">{e}<br><small>complet</small></a></li>' for e in ETAPES)
    + "</ol></nav>"
)
st.html("<h2>Étape 2 sur 6 : Locaux mis à disposition</h2>")
with st.container(width=760):
    st.markdown("L’assistant reçoit vos agents chez vous. L’article 7 de la convention décrit l’accueil attendu.")
    st.html(AIDE.format("Les champs sont obligatoires, sauf mention « facultatif » ou « recommandé »."))
    st.subheader("Le lieu des permanences", anchor=False)
    st.markdown("**Adresse du bureau**")
    st.text_input("Numéro et voie", key="voie", on_change=enregistrer)
    st.text_input("Complément (facultatif)", key="complement", on_change=enregistrer)
    with st.container(horizontal=True, gap="small"):
        st.text_input("Code postal", key="code_postal", width=140, on_change=enregistrer)
        st.text_input("Ville", key="ville", width=320, on_change=enregistrer)
    st.text_input(
        "Téléphone du bureau", key="telephone", width=260, placeholder="01 23 45 67 89", on_change=enregistrer
    )
    st.html(AIDE.format("Le numéro direct que les agents pourront composer."))
    st.text_area("Description du bureau et de l’attente", key="descriptif", height=120, on_change=enregistrer)
    st.html(AIDE.format("Étage, surface, accès, accès pour les personnes à mobilité réduite, espace d’attente."))
    st.markdown("**Jours et heures où le bureau est disponible**")
    for ligne in (1, 2):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"ligne{ligne}"):
            st.selectbox(
                f"Plage {ligne} : jour", JOURS, index=None, key=f"jour{ligne}", width=150, on_change=enregistrer
            )
            st.text_input(f"Plage {ligne} : début", key=f"debut{ligne}", width=110, on_change=enregistrer)
            st.text_input(f"Plage {ligne} : fin", key=f"fin{ligne}", width=110, on_change=enregistrer)
            st.button("Retirer", key=f"retirer{ligne}", icon=":material/delete:", type="tertiary")
    st.button("Ajouter une plage", key="ajouter", icon=":material/add:")
    st.html(AIDE.format("Une ligne par plage. Les jours de permanence se fixent ensuite avec l’assistant."))
    st.text_area("Conditions particulières (facultatif)", key="conditions", height=120, on_change=enregistrer)
    st.html(AIDE.format("Badge, clés, stationnement, fermetures. Laissez vide s’il n’y en a pas."))
    st.subheader("Les conditions d’accueil de l’article 7", anchor=False)
    st.html(AIDE.format("Cochez ce qui est en place ou le sera au début des permanences."))
    st.markdown("**Conditions d’accueil et équipements**")
    st.html(AIDE.format("16 sur 17 cochées."))
    for groupe, items in EQUIPEMENTS.items():
        with st.container(gap="xsmall"):
            st.markdown(groupe)
            for item in items:
                st.checkbox(item, key=item, on_change=enregistrer)
    st.button("Tout cocher", key="tout", icon=":material/done_all:")
    st.warning("L’article 7 de la convention demande toutes ces conditions.", icon=":material/warning:")
with st.container(key="barre"):
    status = st.session_state.get("enregistre", "")
    st.html(f'<div><p role="status">{status}</p><nav><a href="?etape=fiche">Étape précédente</a></nav></div>')
st.html('<p><a href="?etape=recapitulatif">Messages avec le centre, retrait de la demande</a></p>')
