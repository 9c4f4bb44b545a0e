"""Latents drawn towards the middle of their distribution."""

import numpy as np

from gantool.recipe.model import Latent


def truncated(latents: np.ndarray, latent: Latent, psi: float) -> np.ndarray:
    """Latents [N, size] moved towards the mean of their distribution: mean + psi · (z - mean).

    Images become more alike, and usually better. That is ψ of StyleGAN (Karras et al. 2019,
    appendix B), which has it for w, here of the latents themselves: a normal distribution keeps its
    form, with standard deviation psi. The truncation trick of BigGAN (Brock et al. 2019, section
    3.1) draws numbers anew that lie beyond a threshold; scaled, a seed's image moves gradually.

    Args:
        latents: float32.
        latent: Their distribution; of a uniform one the mean is the middle of its bounds.
        psi: 0 to 1; 1 leaves latents as they are, bit for bit.
    """
    if psi == 1.0:
        return latents
    low, high = latent.bounds or (-1.0, 1.0)
    mean = np.float32(0.0 if latent.distribution == "normal" else (low + high) / 2)
    moved: np.ndarray = mean + np.float32(psi) * (latents - mean)
    return moved
