"""Annual reports on the screen: the list of a year, and the editor of one."""
