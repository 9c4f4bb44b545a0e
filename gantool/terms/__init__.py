"""What a recipe lists as `regularizers`: terms of a loss and constraints, a class a file each."""
