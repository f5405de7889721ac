"""Tiers: files of archived periods go to cheaper storage with their age, and are parked where that cannot be read."""
