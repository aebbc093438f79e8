"""Word files as packages: composing several into one, reproducibly, and refusing what may not be in one."""
