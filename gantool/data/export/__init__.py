"""Many pictures in files that other programs read: a folder, a zip, an array of NumPy."""
