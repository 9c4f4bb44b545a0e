from __future__ import annotations

import json
import time
from threading import Event, Thread

import pytest
import tensorflow as tf

from gantool.device import machine
from gantool.kernels import ways


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    ways.begin({})
    yield tmp_path / "gantool" / "ways"
    ways.begin({})


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
    assert ways.fastest("it", {"plain": slow, "other": fast}, "plain") == "other"
    assert fast.calls > 1
    calls = fast.calls
    ways.begin({})
    assert ways.fastest("it", {"plain": slow, "other": fast}, "plain") == "other"
    assert fast.calls == calls
    [path] = cache.glob("*.json")
    assert json.loads(path.read_text()) == {"machine": machine(), "ways": {"it": "other"}}


def test_what_a_run_has_begun_with_goes_before_what_is_kept():
    slow, fast = Way(0.02), Way(0.002)
    ways.fastest("it", {"plain": slow, "other": fast}, "plain")
    ways.begin({"it": "plain", "no more": "other"})
    assert ways.taken() == {}
    assert ways.fastest("it", {"plain": slow, "other": fast}, "other") == "plain"
    assert ways.taken() == {"it": "plain"}


def test_a_way_that_is_there_no_more_is_measured_anew():
    ways.begin({"it": "of old"})
    assert ways.fastest("it", {"plain": Way(0.02), "other": Way(0.002)}, "plain") == "other"


def test_so_is_one_that_the_cache_has(cache):
    ways._keep("it", "of old", ["of old"])
    assert ways.fastest("it", {"plain": Way(0.02), "other": Way(0.002)}, "plain") == "other"
    [path] = cache.glob("*.json")
    assert json.loads(path.read_text())["ways"] == {"it": "other"}


def test_another_way_has_to_be_worth_it(monkeypatch):
    monkeypatch.setattr(ways, "_seconds", lambda way: way.seconds)
    assert ways.fastest("little", {"plain": Way(1.0), "other": Way(0.86)}, "plain") == "plain"
    assert ways.fastest("more", {"plain": Way(1.0), "other": Way(0.84)}, "plain") == "other"


def test_a_single_way_is_not_timed():
    only = Way(0.0)
    assert ways.fastest("it", {"plain": only}, "plain") == "plain"
    assert only.calls == 0


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"ways": 3}', b"\xff", b"{}", b'{"ways": {"it": []}}']
)
def test_a_cache_that_cannot_be_read_is_written_anew(cache, content):
    ways.fastest("it", {"plain": Way(0.0)}, "plain")
    [path] = cache.glob("*.json")
    path.write_bytes(content)
    ways.begin({})
    assert ways.fastest("it", {"plain": Way(0.02), "other": Way(0.002)}, "plain") == "other"
    assert json.loads(path.read_text())["ways"] == {"it": "other"}


def test_a_cache_that_cannot_be_written_keeps_nobody(tmp_path):
    (tmp_path / "gantool").write_text("no folder")
    assert ways.fastest("it", {"plain": Way(0.02), "other": Way(0.002)}, "plain") == "other"


def test_of_two_processes_the_first_decides(monkeypatch):
    """While one measures, another has come to its own answer."""
    there, here = Event(), Event()

    def measured(_):
        there.set()
        here.wait(10)
        return "late"

    monkeypatch.setattr(ways, "_measured", measured)
    found = []
    late = Thread(target=lambda: found.append(ways.fastest("it", {"plain": 0, "late": 0}, "late")))
    late.start()
    there.wait(10)
    ways._keep("it", "plain", ["plain"])
    here.set()
    late.join(10)
    assert found == ["plain"]


def test_one_of_several_replicas_takes_the_expected():
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        assert ways.fastest("it", {"plain": Way(0.02), "other": Way(0.0)}, "plain") == "plain"


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
            ways.fastest("it", {"plain": way, "other": way}, "plain")
            squared = inputs**2
        return tape.gradient(squared, inputs)

    assert traced(tf.constant(5.0)) == 10.0
    assert {float(gradient) for gradient in found} == {6.0}
