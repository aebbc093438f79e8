"""Tables that spreadsheets open: written, and read from what somebody sends."""
