"""The run folder: checkpoints, the lock, the rows of metrics, and going on with a run."""
