from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.recipe.randomness import key
from gantool.recipe.types import MAX_COUNT


@pytest.mark.parametrize(("seed", "purpose"), [(0, "order"), (1, "order"), (MAX_COUNT, "sample")])
def test_key_is_63_bits_of_the_digest(seed, purpose):
    # Whatever else changes, runs of older versions go on with the same numbers.
    digest = hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8).hexdigest()
    assert key(seed, purpose) == int(digest, 16) // 2


def test_keys_are_the_same_on_every_machine_and_in_every_version():
    assert [key(0, "order"), key(0, "sample"), key(1, "order")] == [
        5_618_756_638_689_033_999,
        5_235_576_165_661_030_330,
        5_276_825_110_649_315_266,
    ]


@given(st.integers(0, MAX_COUNT), st.text(max_size=20))
def test_key_fits_a_signed_64_bit_number(seed, purpose):
    assert 0 <= key(seed, purpose) < 2**63


def test_seeds_and_purposes_share_no_key():
    purposes = ("order", "sample", "latent/generator", "latent/discriminator", "noise/real")
    keys = {key(seed, purpose) for seed in range(1000) for purpose in purposes}
    assert len(keys) == 5000


def test_neighbouring_seeds_are_unrelated():
    steps = {key(seed + 1, "order") - key(seed, "order") for seed in range(100)}
    assert len(steps) == 100
    changed = [bin(key(seed + 1, "order") ^ key(seed, "order")).count("1") for seed in range(100)]
    assert 25 < sum(changed) / 100 < 38  # half of 63 bits
