"""Latents between others. Knows no TensorFlow."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gantool.recipe.model import Latent


class Places(NamedTuple):
    """Where each frame of a film lies between its keys.

    Attributes:
        before: [N], the number of the key before it, or at it.
        after: [N], the number of the next key.
        share: [N], how far it is on the way from one to the other, 0 to 1.
    """

    before: NDArray[np.intp]
    after: NDArray[np.intp]
    share: NDArray[np.float64]


def places_of(keys: int, frames: int, loop: bool = False) -> Places:
    """Spread frames evenly over the ways between keys, so that each key is a frame.

    Args:
        keys: How many there are, 2 or more.
        frames: How many there are; at least as many.
        loop: Whether the last key leads back to the first, which is then the frame after the last.
    """
    ways, steps = (keys, frames) if loop else (keys - 1, frames - 1)
    at = np.arange(ways + 1) * steps // ways  # the frame of each key
    frame = np.arange(frames)
    way = np.minimum(np.searchsorted(at, frame, side="right") - 1, ways - 1)
    share = (frame - at[way]) / (at[way + 1] - at[way])
    return Places(way, (way + 1) % keys, share)


def interpolate(keys: np.ndarray, places: Places, latent: Latent) -> np.ndarray:
    """Latents of frames: on arcs between normal ones, on straight lines between uniform ones.

    Normal latents lie near a sphere, whose inside the generator has not seen; uniform ones fill a
    cube, in which the line between two lies.

    Args:
        keys: [K, size].
        places: Of N frames.
        latent: What the generator was trained with.

    Returns:
        [N, size] float32.
    """
    start, end = keys[places.before].astype(np.float64), keys[places.after].astype(np.float64)
    between = slerp if latent.distribution == "normal" else lerp
    return between(start, end, places.share).astype(np.float32)


def lerp(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Points on the straight lines from [N, D] to [N, D] by shares [N] of the way."""
    between: np.ndarray = start + share[:, None] * (end - start)
    return between


def slerp(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Points on the arcs from [N, D] to [N, D] by shares [N] of the angle (White 2016).

    Section 2.1 of "Sampling Generative Networks". The norm goes evenly from one to the other. Of
    the many arcs between opposite vectors one is taken, always the same; where a vector is zero or
    D is 1 there is none, and the way is straight.

    Args:
        start: float64.
        end: float64.
        share: 0 to 1.
    """
    if start.shape[1] == 1:
        return lerp(start, end, share)
    norms = [np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (start, end)]
    here, there = (
        np.divide(vectors, norm, out=np.zeros_like(vectors), where=norm > 0)
        for vectors, norm in zip((start, end), norms, strict=True)
    )
    cosine = np.sum(here * there, axis=1, keepdims=True)
    across = there - cosine * here
    sine = np.linalg.norm(across, axis=1, keepdims=True)
    on_a_line = sine < 1e-12
    across = np.where(on_a_line, _orthogonal(here), across / np.where(on_a_line, 1.0, sine))
    angle = share[:, None] * np.arctan2(sine, cosine)
    unit = np.cos(angle) * here + np.sin(angle) * across
    arcs = lerp(norms[0], norms[1], share) * unit
    return np.where((norms[0] > 0) & (norms[1] > 0), arcs, lerp(start, end, share))


def _orthogonal(units: np.ndarray) -> np.ndarray:
    """A unit vector at a right angle to each of [N, D], towards the axis farthest from it."""
    axes = np.eye(units.shape[1])[np.argmin(np.abs(units), axis=1)]
    across = axes - np.sum(axes * units, axis=1, keepdims=True) * units
    units_across: np.ndarray = across / np.linalg.norm(across, axis=1, keepdims=True)
    return units_across
