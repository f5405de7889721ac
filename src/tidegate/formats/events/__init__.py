"""Events that tell of landed files, in every shape in which they come."""
