"""How numbers of a recipe change in the course of a run: a class a file each."""
