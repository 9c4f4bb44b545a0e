"""From the layers of a recipe to Keras models."""
