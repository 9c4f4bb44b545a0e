"""The thread that writes: in order, beside the training, and never silent about an error."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest

from gantool.outputs.writer import Writer

PATIENCE = 20.0
"""Seconds after which something that should have happened has not."""


def fail() -> None:
    raise OSError(28, "No space left on device")


def run(block: Callable[[Writer], None], waiting: int = 4) -> None:
    with Writer(waiting=waiting) as writer:
        block(writer)


def until(is_so: Callable[[], object]) -> bool:
    """Look until something is so; whether it came to be in time."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def test_jobs_are_done_in_their_order_by_one_other_thread() -> None:
    done: list[tuple[int, int]] = []
    with Writer() as writer:
        for number in range(50):
            writer.hand_over(lambda number=number: done.append((number, threading.get_ident())))
    assert [number for number, _ in done] == list(range(50))
    assert len({thread for _, thread in done} | {threading.get_ident()}) == 2


def test_the_block_goes_on_while_a_job_is_being_done() -> None:
    went_on, heard = threading.Event(), []
    with Writer() as writer:
        writer.hand_over(lambda: heard.append(went_on.wait(PATIENCE)))
        went_on.set()
    assert heard == [True]


def test_the_end_waits_for_all_jobs() -> None:
    left, done = threading.Event(), []

    def job() -> None:
        left.wait(PATIENCE)
        done.append(1)

    with Writer() as writer:
        writer.hand_over(job)
        writer.hand_over(job)
        left.set()
    assert done == [1, 1]


def test_more_jobs_than_may_wait_make_the_block_wait() -> None:
    go_on, handed, heard = threading.Event(), threading.Event(), []
    with Writer(waiting=2) as writer:
        for _ in range(3):  # one being done and two waiting
            writer.hand_over(lambda: heard.append(go_on.wait(PATIENCE)))

        def one_more() -> None:
            writer.hand_over(lambda: None)
            handed.set()

        thread = threading.Thread(target=one_more)
        thread.start()
        assert not handed.wait(0.2)
        go_on.set()
        assert handed.wait(PATIENCE)
        thread.join()
    assert heard == [True] * 3


class TestErrors:
    """What goes wrong in a job, and in the block."""

    def test_of_a_job_comes_as_itself_at_the_next_look(self) -> None:
        reached: list[str] = []

        def block(writer: Writer) -> None:
            writer.raise_error()
            writer.hand_over(fail)
            writer.hand_over(lambda: reached.append("job behind"))
            until(writer.raise_error)
            reached.append("end of the block")

        with pytest.raises(OSError, match="No space left") as raised:
            run(block)
        assert raised.value.errno == 28
        assert reached == []

    def test_of_a_job_comes_when_a_later_one_is_handed_over(self) -> None:
        reached: list[str] = []

        def block(writer: Writer) -> None:
            writer.hand_over(fail)
            until(lambda: writer.hand_over(lambda: reached.append("job behind")))
            reached.append("end of the block")

        with pytest.raises(OSError, match="No space left"):
            run(block)
        assert reached == []

    def test_of_a_job_comes_at_the_end_at_the_latest(self) -> None:
        go_on, done = threading.Event(), []

        def late() -> None:
            go_on.wait(PATIENCE)
            fail()

        def block(writer: Writer) -> None:
            writer.hand_over(lambda: done.append("before"))
            writer.hand_over(late)
            writer.hand_over(lambda: done.append("behind"))
            go_on.set()

        with pytest.raises(OSError, match="No space left"):
            run(block)
        assert done == ["before"]

    def test_of_a_file_is_forgiven_where_that_was_asked_for(self) -> None:
        done: list[str] = []
        with Writer(forgives=True) as writer:
            writer.hand_over(fail)
            writer.hand_over(lambda: done.append("job behind"))
        assert done == ["job behind"]
        [error] = writer.forgiven
        assert error.errno == 28

    def test_of_anything_else_is_never_forgiven(self) -> None:
        with pytest.raises(ZeroDivisionError), Writer(forgives=True) as writer:
            writer.hand_over(lambda: 1 / 0)  # type: ignore[arg-type,return-value]

    def test_of_the_block_leaves_no_job_undone(self) -> None:
        done: list[int] = []

        def block(writer: Writer) -> None:
            for number in range(4):
                writer.hand_over(partial(done.append, number))
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            run(block)
        assert done == [0, 1, 2, 3]

    def test_of_a_job_is_earlier_than_that_of_the_block(self) -> None:
        go_on = threading.Event()

        def late() -> None:
            go_on.wait(PATIENCE)
            fail()

        def block(writer: Writer) -> None:
            writer.hand_over(late)
            go_on.set()
            raise ZeroDivisionError

        with pytest.raises(OSError, match="No space left"):
            run(block)


def test_ctrl_c_during_the_wait_finishes_only_what_has_begun() -> None:
    main, interrupted = threading.get_ident(), threading.Event()
    done: list[str] = []

    def hear(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    def interrupt() -> None:
        assert until(lambda: waits_at_the_end(main))
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupted.wait(PATIENCE)
        done.append("begun")

    def block(writer: Writer) -> None:
        writer.hand_over(interrupt)
        writer.hand_over(lambda: done.append("waiting"))

    usual = signal.signal(signal.SIGINT, hear)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(block)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert done == ["begun"]


def waits_at_the_end(thread: int) -> bool:
    """Whether a thread is in a writer's `__exit__`, waiting for a job."""
    frame: FrameType | None = sys._current_frames()[thread]
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return "result" in names and "__exit__" in names
