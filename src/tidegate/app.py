"""The composition root: settings become drivers, drivers become verbs."""
