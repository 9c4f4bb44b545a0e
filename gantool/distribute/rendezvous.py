"""Workers wait for each other, before TensorFlow does: its wait has no end and hears no Ctrl-C.

Each listens at its address of TF_CONFIG and knocks at those of all others until it has met all.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from gantool.distribute.cluster import Cluster, Worker
from gantool.errors import GantoolError, InputError

PATIENCE = 300.0
"""Seconds that the first worker waits for the last: machines do not start all at once."""

_AGAIN = 0.2
_ANSWER = 2.0
_GREETING = "gantool worker {}\n"
_LONGEST = 64


def meet(cluster: Cluster, patience: float = PATIENCE) -> None:
    """Wait until this worker has reached all others, and all others have reached it.

    Args:
        cluster: All workers.
        patience: For how many seconds.

    Raises:
        InputError: This worker cannot listen at its address.
        GantoolError: Another one has not come.
    """
    others = set(range(len(cluster.workers))) - {cluster.own}
    reached: set[int] = set()
    problems: dict[int, str] = {}
    deadline = time.monotonic() + patience
    with _listening(cluster) as (heard, came):
        while not (reached >= others and heard >= others):
            for number in sorted(others - reached):
                try:
                    _knock(cluster.workers[number], cluster.own, number)
                    reached.add(number)
                except OSError as error:
                    problems[number] = error.strerror or str(error)
            if time.monotonic() > deadline:
                raise _nobody(cluster, others - reached, others - heard, problems, patience)
            came.wait(_AGAIN)
            came.clear()


@contextmanager
def _listening(cluster: Cluster) -> Iterator[tuple[set[int], Event]]:
    """Answer whoever knocks; gives the set that they are put into, and what is set for each."""
    own = cluster.workers[cluster.own]
    address = ("", own.port)
    try:
        if socket.has_dualstack_ipv6():
            door = socket.create_server(address, family=socket.AF_INET6, dualstack_ipv6=True)
        else:
            door = socket.create_server(address)
    except OSError as error:
        raise InputError(
            f"{own}: this worker cannot listen at port {own.port}"
            f" ({os.strerror(error.errno or 0)});"
            " name another in TF_CONFIG, the same for all workers"
        ) from error
    heard: set[int] = set()
    came, ended = Event(), Event()

    def answer() -> None:
        while not ended.is_set():
            with suppress(OSError):  # a time-out, or somebody who has left again
                guest, _ = door.accept()
                with guest:
                    guest.settimeout(_ANSWER)
                    number = _number(guest)
                    guest.sendall(_GREETING.format(cluster.own).encode())
                    if number is not None:
                        heard.add(number)
                        came.set()

    with door:
        door.settimeout(_AGAIN)
        thread = Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield heard, came
        finally:
            ended.set()
            thread.join()


def _knock(worker: Worker, own: int, number: int) -> None:
    """Tell a worker who this one is, and see that it is the one that it should be.

    Raises:
        OSError: It does not answer, or somebody else does.
    """
    with socket.create_connection((worker.host, worker.port), timeout=_ANSWER) as door:
        door.sendall(_GREETING.format(own).encode())
        if _number(door) != number:
            raise OSError("another program, or another worker, answers there")


def _number(connection: socket.socket) -> int | None:
    """The number of the worker that greets; None for anybody else."""
    with connection.makefile(encoding="ascii", errors="replace", newline="\n") as lines:
        words = lines.readline(_LONGEST).split()
    ours = _GREETING.split()[:-1]
    return int(words[-1]) if words[:-1] == ours and words[-1].isdecimal() else None


def _nobody(
    cluster: Cluster,
    missing: set[int],
    silent: set[int],
    problems: dict[int, str],
    patience: float,
) -> GantoolError:
    lines = [
        f"{cluster.workers[number]} did not come within {patience:.0f} s: {problems[number]}"
        for number in sorted(missing)
    ] or [
        f"{cluster.workers[number]} did not reach {cluster.workers[cluster.own]}"
        f" within {patience:.0f} s"
        for number in sorted(silent)
    ]
    lines.append("start all workers by the same command, each with its own task in TF_CONFIG")
    return GantoolError("\n".join(lines))
