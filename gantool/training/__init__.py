"""A session of training: from a plan to a run folder that has moved on."""
