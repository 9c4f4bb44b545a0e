"""What the start of TensorFlow leaves out, which Keras would import for other uses."""

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
