"""Landed files: which route each takes, when a batch of them is closed, and what was never loaded."""
