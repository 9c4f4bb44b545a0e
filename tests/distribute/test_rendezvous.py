"""Workers meet, in whatever order they come; who does not come is named."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from gantool.distribute.cluster import Cluster, Worker
from gantool.distribute.rendezvous import meet
from gantool.errors import GantoolError, InputError


def clusters(count: int) -> list[Cluster]:
    """What each of so many workers on this machine is told."""
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    workers = tuple(
        Worker(f"worker {index}", "127.0.0.1", port) for index, port in enumerate(ports)
    )
    return [Cluster(workers, own) for own in range(count)]


@contextmanager
def answering(worker: Worker, answer: bytes) -> Iterator[None]:
    """Another program at a worker's address, which says one thing to everybody."""
    ended = threading.Event()
    with socket.create_server((worker.host, worker.port)) as door:
        door.settimeout(0.05)

        def serve() -> None:
            while not ended.is_set():
                try:
                    guest, _ = door.accept()
                except TimeoutError:
                    continue
                with guest:
                    guest.recv(100)
                    guest.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        ended.set()
        thread.join()


def test_all_go_on_once_the_last_has_come() -> None:
    told = clusters(3)
    with ThreadPoolExecutor(3) as pool:
        early = [pool.submit(meet, cluster, 20.0) for cluster in told[:2]]
        assert not any(future.done() for future in early)
        last = pool.submit(meet, told[2], 20.0)
        for future in [*early, last]:
            future.result(timeout=20)
    with socket.create_server(("", told[0].workers[0].port)):
        pass  # and leave their ports to TensorFlow


def test_one_worker_waits_for_nobody() -> None:
    [told] = clusters(1)
    meet(told, 0.0)


def test_who_does_not_come_is_named() -> None:
    told = clusters(3)
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(meet, cluster, 0.6) for cluster in told[:2]]
        for future in futures:
            with pytest.raises(GantoolError) as raised:
                future.result(timeout=20)
            assert str(raised.value) == (
                f"{told[0].workers[2]} did not come within 1 s: Connection refused\n"
                "start all workers by the same command, each with its own task in TF_CONFIG"
            )
            assert raised.value.exit_code == 1


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"gantool worker 0\n"])
def test_another_program_or_worker_at_an_address_is_not_the_worker(answer: bytes) -> None:
    told = clusters(2)[0]
    with answering(told.workers[1], answer), pytest.raises(GantoolError) as raised:
        meet(told, 0.3)
    assert str(raised.value).splitlines()[0] == (
        f"{told.workers[1]} did not come within 0 s: another program, or another worker, answers"
        " there"
    )


def test_a_worker_that_reaches_but_cannot_be_reached_is_told() -> None:
    told = clusters(2)[0]
    with (
        answering(told.workers[1], b"gantool worker 1\n"),
        pytest.raises(GantoolError) as raised,
    ):
        meet(told, 0.3)
    assert str(raised.value).splitlines()[0] == (
        f"{told.workers[1]} did not reach {told.workers[0]} within 0 s"
    )


def test_a_port_that_is_taken_is_wrong_input() -> None:
    told = clusters(2)[0]
    own = told.workers[0]
    with (
        socket.create_server(("", own.port)),
        pytest.raises(InputError) as raised,
    ):
        meet(told, 1.0)
    assert str(raised.value) == (
        f"{own}: this worker cannot listen at port {own.port} (Address already in use);"
        " name another in TF_CONFIG, the same for all workers"
    )
