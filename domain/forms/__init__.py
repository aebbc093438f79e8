"""Forms as data: what they hold, how answers are read and judged, and how the web editor changes them."""
