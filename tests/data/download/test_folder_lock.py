from __future__ import annotations

import threading

import pytest

from gantool.data.download.folder_lock import alone_in


def quiet(_line):
    raise AssertionError("nobody is waited for")


def test_nobody_waits_for_one_who_is_alone(tmp_path, names):
    for _ in range(2):
        with alone_in(tmp_path, quiet):
            assert ".lock" in names(tmp_path)
        assert ".lock" not in names(tmp_path)


def test_the_lock_is_given_back_when_the_block_fails(tmp_path):
    with pytest.raises(KeyError), alone_in(tmp_path, quiet):
        raise KeyError
    with alone_in(tmp_path, quiet):
        pass


def test_one_after_the_other(tmp_path):
    """The file of the lock is removed under those who wait: they must not take it for theirs."""
    came, lines = [], []
    waiting, entered, ends = threading.Semaphore(0), threading.Event(), threading.Event()

    def notice(line):
        lines.append(line)
        waiting.release()

    def enter(name):
        with alone_in(tmp_path, notice):
            came.append(name)
            entered.set()
            assert ends.wait(10)
            came.append(f"{name} leaves")

    threads = [threading.Thread(target=enter, args=(name,)) for name in ("second", "third")]
    with alone_in(tmp_path, quiet):
        threads[0].start()
        assert waiting.acquire(timeout=10)
    assert entered.wait(10)
    threads[1].start()
    assert waiting.acquire(timeout=10)
    ends.set()
    for thread in threads:
        thread.join(10)
    assert came == ["second", "second leaves", "third", "third leaves"]
    assert lines == [f"another process fills {tmp_path}; waiting for its end"] * 2


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(OSError, match="No such file"), alone_in(tmp_path / "none", quiet):
        pass
