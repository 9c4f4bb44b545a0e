"""What `import gantool` offers to programs: a trained model, and training."""
