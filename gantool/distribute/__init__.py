"""Several devices or machines that share each batch."""
