"""An offer that a centre changes by itself: versions and drafts, differences, exchange as files."""
