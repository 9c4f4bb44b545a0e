from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gantool.data import workers as module
from gantool.data.workers import StoppedError, Workers
from gantool.errors import GantoolError, InputError


def square(number):
    return number * number


def process_id(_task):
    return os.getpid()


def meet(place):
    """The process that does this, once as many as `place` says have come to its folder."""
    folder, expected = place
    (folder / str(os.getpid())).touch()
    until = time.monotonic() + 60
    while len(list(folder.iterdir())) < expected and time.monotonic() < until:
        time.sleep(0.01)
    return os.getpid()


def refuse(number):
    if number == 5:
        raise InputError("five is refused")
    return number


def end_by(number):
    os.kill(os.getpid(), number)


def end_at_once():
    os._exit(7)


def wait_for_file(path):
    Path(f"{path}.begun").touch()
    while not Path(path).exists():
        time.sleep(0.01)
    return path


def test_results_come_in_the_order_of_the_tasks_and_twice_if_asked():
    with Workers(square, at_most=2) as workers:
        assert list(workers.ordered(range(100))) == [number**2 for number in range(100)]
        assert list(workers.ordered([])) == []
        assert list(workers.ordered([7])) == [49]


def test_tasks_are_done_by_all_processes_and_none_by_this_one(tmp_path):
    expected = min(2, len(os.sched_getaffinity(0)))
    with Workers(meet, at_most=2) as workers:
        ids = set(workers.ordered([(tmp_path, expected)] * 4))
    assert os.getpid() not in ids
    assert len(ids) == expected


def test_tasks_wait_to_be_made_until_results_are_taken():
    made = []

    def tasks():
        for number in range(1000):
            made.append(number)
            yield number

    with Workers(square, at_most=1) as workers:
        results = workers.ordered(tasks())
        assert [next(results) for _ in range(50)] == [number**2 for number in range(50)]
        assert 50 <= len(made) <= 70


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one process cannot lag behind itself")
def test_few_results_wait_for_one_that_takes_long(tmp_path):
    made, asked = [], []

    def tasks():
        for number in range(1000):
            made.append(number)
            yield tmp_path / "never" if number == 0 else tmp_path

    def stop():
        asked.append(1)
        return len(asked) > 30

    with Workers(wait_for_file, at_most=2) as workers, pytest.raises(StoppedError):
        list(workers.ordered(tasks(), stop))
    assert len(made) == 2 * 8


def test_an_error_of_a_task_comes_here():
    with Workers(refuse, at_most=1) as workers:
        results = workers.ordered(range(9))
        with pytest.raises(InputError, match="five is refused") as caught:
            list(results)
    assert "in refuse" in str(caught.value.__cause__)


def test_a_process_that_dies_is_told():
    with Workers(end_by, at_most=1) as workers, pytest.raises(GantoolError) as caught:
        list(workers.ordered([signal.SIGKILL]))
    assert str(caught.value) == (
        "a process that reads images ended by itself (exit code -9); is there enough memory? Run"
        " the command again"
    )


def test_a_process_that_dies_at_its_start_is_told(monkeypatch):
    monkeypatch.setattr(module, "_end_with_parent", end_at_once)
    with pytest.raises(GantoolError) as caught, Workers(square, at_most=2) as workers:
        list(workers.ordered([1, 2]))
    assert str(caught.value) == (
        "a process that reads images ended by itself (exit code 7); is there enough memory? Run"
        " the command again"
    )


def test_a_signal_for_the_whole_job_is_a_wish_to_stop():
    with Workers(end_by, at_most=1) as workers, pytest.raises(StoppedError):
        list(workers.ordered([signal.SIGTERM]))


def test_stopping_does_not_wait_for_tasks(tmp_path):
    path = tmp_path / "never"
    begun = Path(f"{path}.begun")
    with Workers(wait_for_file, at_most=1) as workers, pytest.raises(StoppedError):
        list(workers.ordered([path], stop=begun.exists))


def test_processes_end_with_the_one_that_was_killed(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_workers as t;"
        "from gantool.data.workers import Workers\n"
        "if __name__ == '__main__':\n"
        "    with Workers(t.process_id, at_most=1) as workers:\n"
        "        print(next(workers.ordered([0])), flush=True)\n"
        "        input()\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    with subprocess.Popen(
        [sys.executable, script, Path(__file__).parent],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        worker = int(process.stdout.readline())
        os.kill(worker, 0)  # it lives
        process.kill()
        # Its worker has the same stderr: the pipe ends when both have. Python's tracker tells there
        # of the semaphores that it removes.
        assert "Traceback" not in process.stderr.read()
    for _ in range(500):
        if has_ended(worker):
            return
        time.sleep(0.01)
    raise AssertionError("the worker lives on")


def has_ended(process):
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return True
    return status.rsplit(")", 1)[1].split()[0] == "Z"
