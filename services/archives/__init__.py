"""Archives: what is due for elimination, its approval and execution, whole exports, purges by the centre's delays."""
