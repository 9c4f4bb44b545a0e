"""From what pictures are to a recipe that suits them, with the reason of each choice."""
