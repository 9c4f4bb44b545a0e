"""Networks that look at images for figures of them."""
