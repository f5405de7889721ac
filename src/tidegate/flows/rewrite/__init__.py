"""Rewriting archived periods: into fewer batches, or without some rows; proven, and swapped in one transaction."""
