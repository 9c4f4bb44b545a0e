"""What a training step takes on this machine: time, memory and arithmetic."""
