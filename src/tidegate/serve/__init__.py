"""The embedded warehouse as a local Redshift, for clients that speak its protocols."""
