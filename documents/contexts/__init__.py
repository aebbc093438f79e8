"""The trees of plain data that templates see, one module for each kind of document, with samples."""
