"""From a data set's name, a folder or a file to batches of images.

Nothing here imports TensorFlow but `gantool.data.pipeline` and `gantool.data.jpeg_decoding`.
"""
