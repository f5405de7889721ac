"""Faces on AWS: handlers of Lambda. Nothing heavy is imported before a handler is called."""
