"""The training step and its loop: knows no files and prints nothing."""
