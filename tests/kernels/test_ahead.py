from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading

import pytest
import tensorflow as tf

from gantool.kernels import ahead
from gantool.kernels.ahead import compile_ahead, compiling_ahead

PATIENCE = 30.0
"""Seconds that something is waited for that is to come at once."""

MAPPED = """
import sys
from gantool.device import prepare_tensorflow
prepare_tensorflow()
import tensorflow as tf
from gantool.kernels import ahead
from gantool.kernels.linear import Linear, compiled

doubled = Linear(*compiled(lambda x: [x + x], lambda x: [x + x]))
whole = tf.function(lambda x: doubled.forward(x)[0])
numbers = tf.constant([[1.0, 2.0]])

with ahead.compiling_ahead():
    traced = whole.get_concrete_function(numbers)
    ahead._ahead[-1].pool.submit(int).result()  # comes after what has been given
print("running", file=sys.stderr, flush=True)
print(traced(numbers).numpy().tolist())
"""


@pytest.mark.slow
def test_what_is_compiled_ahead_is_not_compiled_again():
    telling = {"TF_CPP_MIN_LOG_LEVEL": "0", "TF_CPP_VMODULE": "device_compilation_profiler=1"}
    done = subprocess.run(
        [sys.executable, "-c", MAPPED],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | telling,
    )
    assert done.stdout == "[[2.0, 4.0]]\n"
    assert re.findall(r"Compiled __|running", done.stderr) == ["Compiled __", "running"]


class TestCompileAhead:
    @pytest.fixture
    def noted(self):
        """A function, and the threads that have run it, as a queue."""
        threads: queue.Queue[str] = queue.Queue()

        def note(values):
            threads.put(threading.current_thread().name)
            return values

        return tf.function(lambda x: tf.py_function(note, [x], tf.float32)), threads

    def test_each_shape_is_run_once(self, noted):
        function, threads = noted
        with compiling_ahead():
            for values in (tf.zeros([2]), tf.ones([2]), tf.zeros([3])):
                compile_ahead(function, [values])
            threads.get(timeout=PATIENCE)
            threads.get(timeout=PATIENCE)
        assert threads.empty()

    def test_what_is_not_begun_at_the_end_is_let_go(self, noted):
        function, threads = noted
        with compiling_ahead():
            held = threading.Event()
            ahead._ahead[-1].pool.submit(held.wait, PATIENCE)
            compile_ahead(function, [tf.zeros([2])])
            threading.Timer(0.2, held.set).start()
        assert threads.empty()

    def test_nothing_is_run_outside(self, noted):
        function, threads = noted
        compile_ahead(function, [tf.zeros([2])])
        assert threads.empty()
