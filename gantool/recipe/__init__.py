"""The recipe: YAML with places, typed data, built-in recipes, overrides. Knows no TensorFlow."""
