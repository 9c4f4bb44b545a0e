"""What the start of TensorFlow leaves out: lines, and what Keras would import for other uses."""

from __future__ import annotations

import subprocess
import sys

import pytest

STARTED = """
import sys
from gantool.cli.loading import start_tensorflow
start_tensorflow()
print(sorted({"sklearn", "matplotlib"} & set(sys.modules)))
import matplotlib.pyplot
print(matplotlib.pyplot.figure is not None)
"""


@pytest.mark.slow
def test_matplotlib_is_imported_only_by_who_needs_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\nTrue\n"


TRACED = """
from gantool.cli.loading import start_tensorflow
start_tensorflow()
import tensorflow as tf
traced = tf.function(lambda values: values + 1)
for count in range(10):
    traced(tf.zeros(count))
"""


@pytest.mark.slow
def test_it_is_not_told_that_functions_are_traced_for_many_shapes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TRACED], capture_output=True, text=True, check=True
    )
    assert "retracing" not in done.stderr
