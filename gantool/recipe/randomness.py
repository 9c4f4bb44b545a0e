"""Randomness as a function of (seed, purpose, step): nothing about a random state is ever saved.

`key(seed, purpose)` is the first half of the two-number seed that TensorFlow's stateless random
operations take; the second half is the step, a tensor. Two purposes never share numbers, and the
numbers of a step do not depend on which steps ran before it.
"""

import hashlib


def key(seed: int, purpose: str) -> int:
    """Mix a seed and a purpose ("order", "latent/generator", …) into 63 bits.

    The digest makes keys of neighbouring seeds unrelated, so seed 1's latents are not seed 0's
    shifted by a step.
    """
    digest = hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def seed_of_retry(seed: int, retries: int) -> int:
    """The seed by which a run draws that has gone back so often: its own at first, then others."""
    return key(seed, f"retry/{retries}") if retries else seed
