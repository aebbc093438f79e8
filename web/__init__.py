"""ASGI routes and middleware beside Streamlit: session exchange, protected downloads, headers, health."""
