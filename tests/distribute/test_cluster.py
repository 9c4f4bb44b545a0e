"""What TF_CONFIG may hold, and what is said of what it may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gantool.distribute.cluster import Worker, read_cluster
from gantool.errors import InputError

WORKERS = ["10.0.0.1:2222", "host.example:2223"]


def config(cluster: Any = None, task: Any = None) -> str:
    cluster = {"worker": WORKERS} if cluster is None else cluster
    return json.dumps(
        {"cluster": cluster, "task": {"type": "worker", "index": 0} if task is None else task}
    )


def test_workers_in_their_order() -> None:
    found = read_cluster(config(task={"type": "worker", "index": 1}))
    assert found.workers == (
        Worker("worker 0", "10.0.0.1", 2222),
        Worker("worker 1", "host.example", 2223),
    )
    assert found.own == 1
    assert str(found.workers[1]) == "worker 1 (host.example:2223)"


def test_the_chief_is_the_first() -> None:
    cluster = {"worker": WORKERS, "chief": ["[::1]:2221"]}
    found = read_cluster(config(cluster, {"type": "worker", "index": "1"}))
    assert [worker.name for worker in found.workers] == ["chief 0", "worker 0", "worker 1"]
    assert found.workers[0] == Worker("chief 0", "::1", 2221)
    assert found.own == 2
    assert read_cluster(config(cluster, {"type": "chief", "index": 0})).own == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "not set, but --distribute workers goes by it"),
        ("", "not set, but --distribute workers goes by it"),
        (
            "{cluster",
            "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ("[]", "cluster is missing"),
        ('{"cluster": {"worker": []}}', "task is missing"),
        (config([]), "cluster is no mapping: []"),
        (config(task=3), "task is no mapping: 3"),
        (config({}), "cluster names no worker"),
        (config({"worker": "10.0.0.1:2222"}), 'cluster.worker is no list: "10.0.0.1:2222"'),
        (config({"worker": ["10.0.0.1"]}), 'cluster.worker: "10.0.0.1" is not host:port'),
        (config({"worker": ["a:0"]}), 'cluster.worker: "a:0" is not host:port'),
        (config({"worker": ["a:65536"]}), 'cluster.worker: "a:65536" is not host:port'),
        (config({"worker": [5]}), "cluster.worker: 5 is not host:port"),
        (config({"worker": ["a:1", "b:1", "a:1"]}), "cluster: a:1 stands there twice"),
        (
            config({"chief": ["a:1", "b:1"], "worker": WORKERS}),
            "cluster.chief: there is one chief, not 2",
        ),
        (
            config({"ps": ["a:1"], "worker": WORKERS}),
            "cluster.ps: gantool has no such tasks, only chief or worker",
        ),
        (config(task={"index": 0}), "task.type is null, not chief or worker"),
        (config(task={"type": "ps", "index": 0}), 'task.type is "ps", not chief or worker'),
        (
            config(task={"type": "worker", "index": 2}),
            "task.index is 2, but cluster.worker has 2 addresses",
        ),
        (
            config(task={"type": "worker", "index": -1}),
            "task.index is -1, but cluster.worker has 2 addresses",
        ),
        (
            config(task={"type": "worker"}),
            "task.index is null, but cluster.worker has 2 addresses",
        ),
    ],
)
def test_what_is_wrong_is_told_with_an_example(text: str | None, said: str) -> None:
    with pytest.raises(InputError) as raised:
        read_cluster(text)
    assert str(raised.value) == (
        f"TF_CONFIG: {said}\n"
        "it names all workers, and which of them this one is, as in\n"
        '  export TF_CONFIG=\'{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]},'
        ' "task": {"type": "worker", "index": 0}}\''
    )
