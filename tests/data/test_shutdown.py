from __future__ import annotations

import threading
import time

from gantool.data.shutdown import PythonCalls


def test_without_calls_there_is_nothing_to_wait_for():
    calls = PythonCalls()
    begun = time.monotonic()
    calls.close(quiet=5)
    assert time.monotonic() - begun < 1


def test_calls_learn_that_the_process_ends():
    calls = PythonCalls()
    with calls.entered() as closing:
        assert not closing
    calls.close(quiet=0.01)
    with calls.entered() as closing:
        assert closing


def test_a_call_that_is_still_running_is_waited_for():
    calls, entered, done = PythonCalls(), threading.Event(), threading.Event()

    def call():
        with calls.entered():
            entered.set()
            time.sleep(0.3)
            done.set()

    thread = threading.Thread(target=call)
    thread.start()
    entered.wait()
    calls.close(quiet=0.01)
    assert done.is_set()
    thread.join()


def test_waiting_has_an_end():
    calls = PythonCalls()
    with calls.entered():
        begun = time.monotonic()
        calls.close(quiet=0.01, at_most=0.1)
    assert time.monotonic() - begun < 1
