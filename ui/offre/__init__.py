"""An offer changed through the web: everything but its questions, which have a page of their own."""
