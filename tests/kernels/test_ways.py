from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Any

import pytest
import tensorflow as tf

from gantool.device import machine
from gantool.kernels import ways
from gantool.kernels.ways import Ways


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "gantool" / "ways"


def fastest(
    candidates: Mapping[str, Callable[[], Any]],
    expected: str = "plain",
    what: str = "it",
    run: Ways | None = None,
) -> str:
    """What is taken within a run, a new one unless it is given."""
    with (run or Ways()).measured():
        return ways.fastest(what, candidates, expected)


class Way:
    """Takes so many seconds, and counts how often."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.calls = seconds, 0

    def __call__(self) -> tf.Tensor:
        self.calls += 1
        time.sleep(self.seconds)
        return tf.zeros([2, 2])


def test_the_fastest_is_measured_once_and_kept(cache):
    slow, fast = Way(0.02), Way(0.002)
    assert fastest({"plain": slow, "other": fast}) == "other"
    assert fast.calls > 1
    calls = fast.calls
    assert fastest({"plain": slow, "other": fast}) == "other"
    assert fast.calls == calls
    [path] = cache.glob("*.json")
    assert json.loads(path.read_text()) == {"machine": machine(), "ways": {"it": "other"}}


def test_what_a_run_has_begun_with_goes_before_what_is_kept():
    slow, fast, run = Way(0.02), Way(0.002), Ways()
    assert fastest({"plain": slow, "other": fast}) == "other"
    run.resume({"it": "plain", "no more": "other"})
    assert run.taken == {}
    assert fastest({"plain": slow, "other": fast}, "other", run=run) == "plain"
    assert run.taken == {"it": "plain"}


def test_a_run_keeps_to_what_it_has_taken():
    run = Ways()
    assert fastest({"plain": Way(0.02), "other": Way(0.002)}, run=run) == "other"
    run.resume({"it": "plain"})
    assert fastest({"plain": Way(0.0), "other": Way(0.02)}, run=run) == "other"


def test_outside_of_a_run_it_is_the_expected_whatever_was_measured():
    slow, fast = Way(0.02), Way(0.002)
    assert fastest({"plain": slow, "other": fast}) == "other"
    calls = slow.calls + fast.calls
    assert ways.fastest("it", {"plain": slow, "other": fast}, "plain") == "plain"
    assert ways.fastest("more", {"plain": slow, "other": fast}, "other") == "other"
    assert slow.calls + fast.calls == calls


def test_another_thread_is_outside_of_a_run():
    found = []
    with Ways().measured():
        other = Thread(target=lambda: found.append(ways.fastest("it", {"plain": 0, "b": 0}, "b")))
        other.start()
        other.join()
    assert found == ["b"]


def test_what_is_part_of_a_way_is_the_run_s_too():
    run, parts = Ways(), {"plain": Way(0.0), "other": Way(0.01)}

    def way() -> tf.Tensor:
        ways.fastest("part", parts, "other")
        return tf.zeros([2])

    fastest({"plain": way, "other": way}, run=run)
    assert run.taken["part"] == "plain"


def test_a_way_that_is_there_no_more_is_measured_anew():
    run = Ways()
    run.resume({"it": "of old"})
    assert fastest({"plain": Way(0.02), "other": Way(0.002)}, run=run) == "other"


def test_so_is_one_that_the_cache_has(cache):
    ways._keep("it", "of old", ["of old"])
    assert fastest({"plain": Way(0.02), "other": Way(0.002)}) == "other"
    [path] = cache.glob("*.json")
    assert json.loads(path.read_text())["ways"] == {"it": "other"}


def test_another_way_has_to_be_worth_it(monkeypatch):
    monkeypatch.setattr(ways, "_seconds", lambda way: way.seconds)
    assert fastest({"plain": Way(1.0), "other": Way(0.86)}, what="little") == "plain"
    assert fastest({"plain": Way(1.0), "other": Way(0.84)}, what="more") == "other"


def test_a_single_way_is_not_timed():
    only = Way(0.0)
    assert fastest({"plain": only}) == "plain"
    assert only.calls == 0


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"ways": 3}', b"\xff", b"{}", b'{"ways": {"it": []}}']
)
def test_a_cache_that_cannot_be_read_is_written_anew(cache, content):
    fastest({"plain": Way(0.0)})
    [path] = cache.glob("*.json")
    path.write_bytes(content)
    assert fastest({"plain": Way(0.02), "other": Way(0.002)}) == "other"
    assert json.loads(path.read_text())["ways"] == {"it": "other"}


def test_a_cache_that_cannot_be_written_keeps_nobody(tmp_path):
    (tmp_path / "gantool").write_text("no folder")
    assert fastest({"plain": Way(0.02), "other": Way(0.002)}) == "other"


def test_of_two_processes_the_first_decides(monkeypatch):
    """While one measures, another has come to its own answer."""
    there, here = Event(), Event()

    def measured(_):
        there.set()
        here.wait(10)
        return "late"

    monkeypatch.setattr(ways, "_measured", measured)
    found = []
    late = Thread(target=lambda: found.append(fastest({"plain": 0, "late": 0}, "late")))
    late.start()
    there.wait(10)
    ways._keep("it", "plain", ["plain"])
    here.set()
    late.join(10)
    assert found == ["plain"]


def test_one_of_several_replicas_takes_the_expected():
    slow, fast = Way(0.02), Way(0.002)
    assert fastest({"plain": slow, "other": fast}) == "other"
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        assert fastest({"plain": slow, "other": fast}) == "plain"


def test_it_can_be_asked_for_while_a_function_is_traced_and_recorded():
    found = []

    def way() -> tf.Tensor:
        with tf.GradientTape() as tape:
            inputs = tf.constant(3.0)
            tape.watch(inputs)
            squared = inputs**2
        found.append(tape.gradient(squared, inputs))
        return squared

    @tf.function
    def traced(inputs: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            fastest({"plain": way, "other": way})
            squared = inputs**2
        return tape.gradient(squared, inputs)

    assert traced(tf.constant(5.0)) == 10.0
    assert {float(gradient) for gradient in found} == {6.0}
