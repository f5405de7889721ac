"""Load: files become rows, each version of each file exactly once."""
