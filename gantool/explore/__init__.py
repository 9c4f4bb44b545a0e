"""A page to look through a generator, and the server that it asks for pictures."""
