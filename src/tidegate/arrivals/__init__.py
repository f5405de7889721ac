"""Where messages of landed files come from: the port and its drivers."""
