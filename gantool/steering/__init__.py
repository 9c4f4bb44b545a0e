"""From latents to other latents: between some, sums of some, along directions, of a picture."""
