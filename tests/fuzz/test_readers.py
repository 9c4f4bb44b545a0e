"""Made-up input through every reader: nothing but a line for the user, in little time and memory.

`GANTOOL_FUZZ=100000` makes each test read so many inputs, `GANTOOL_SEED=1` others than usual.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, seed, settings

from . import inputs
from .limits import EXAMPLES, FEW, SEED, Bounded
from .readers import archives, arrays, checkpoints, hdf5, images, recipes, tables, tars, tfrecords

AT_A_TIME = 1000
"""Hypothesis remembers all inputs of a test, to make no two alike."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reader", "made"),
    [
        pytest.param(images, inputs.IMAGES, id="images"),
        pytest.param(archives, inputs.ARCHIVES, id="archives"),
        pytest.param(tfrecords, inputs.TFRECORDS, id="tfrecords"),
        pytest.param(recipes, inputs.RECIPES, id="recipes"),
        pytest.param(checkpoints, inputs.CHECKPOINTS, id="checkpoints"),
        pytest.param(tables, inputs.TABLES, id="tables"),
        pytest.param(arrays, inputs.ARRAYS, id="arrays"),
        pytest.param(hdf5, inputs.HDF5, id="hdf5"),
        pytest.param(tars, inputs.TARS, id="tars"),
    ],
)
def test_whatever_is_read_ends_as_a_line(reader, made):
    bounded = Bounded(reader.target)
    # Each HDF5 file takes processes of its own.
    examples = FEW // 4 if reader is hdf5 and EXAMPLES == FEW else EXAMPLES
    while (left := examples - bounded.count) > 0:

        @seed(f"{SEED}/{bounded.count}")
        @settings(
            max_examples=min(-(-left // 4), AT_A_TIME),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(made)
        def read(several):
            for data in several:
                bounded(data)

        read()
    told = f"{bounded.count:,} inputs, the slowest {bounded.slowest:.3f} s"
    print(f"{told}, {bounded.grown / 1024:.0f} MiB more memory")
