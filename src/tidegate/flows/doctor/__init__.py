"""Is everything in place? Checks by doing: each probe takes the way that an archive takes, and removes what it made."""
