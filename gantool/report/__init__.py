"""From run folders to what people look at: a page, a table. Knows no TensorFlow."""
