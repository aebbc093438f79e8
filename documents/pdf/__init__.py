"""PDF files: made from Word, shown as pictures, and taken in when they are signed."""
