"""What a source holds, what is wrong with it, and how a recipe names it."""
