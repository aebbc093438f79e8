"""What pages share: shell, navigation, form renderer, tables, current user. Streamlit lives here and in pages."""
