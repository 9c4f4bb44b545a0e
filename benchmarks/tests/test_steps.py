"""The command that compares: its processes, their turns, its choice and its figures.

Processes that sleep stand in for the frameworks; whether those compute the same is tested with the
peers.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise
from types import SimpleNamespace

import pytest

from .. import steps
from ..steps import Compared, SideError, Worker

SLEEPER = """\
#!{python}
import sys, time
sys.path.insert(0, "{here}")
from peers import serving
serving.SLOW = {slow}

turns = iter(range({turns}))

def advance(count):
    if next(turns, None) is None:
        raise MemoryError("no memory is left")
    print("a word of the framework's own")
    begun = time.monotonic()
    time.sleep(count * {seconds}[" ".join(sys.argv[2:])])
    with open("{log}", "a") as log:
        print(begun, time.monotonic(), count, *sys.argv[2:], file=log)

def build():
    if "compiled" in sys.argv:
        raise OSError("there is no compiler")
    return advance

serving.serve(build, first_compiles="ours" in sys.argv[2])
"""


@pytest.fixture
def sleeper(tmp_path):
    """An interpreter whose steps take so many seconds, by its arguments; and what they ran."""

    def make(seconds, slow=20.0, turns=1000):
        log, script = tmp_path / "log", tmp_path / "python"
        script.write_text(
            SLEEPER.format(
                python=sys.executable,
                here=steps.HERE,
                slow=slow,
                turns=turns,
                seconds=seconds,
                log=log,
            )
        )
        script.chmod(0o755)

        def ran():
            lines = [line.split(maxsplit=3) for line in log.read_text().splitlines()]
            return [(float(a), float(b), int(count), who) for a, b, count, who in lines]

        return SimpleNamespace(python=str(script), ran=ran)

    return make


def test_a_turn_is_as_many_steps_as_fill_its_time_and_at_least_one(sleeper):
    made = sleeper({"peers.ours a b": 0.02})
    worker = Worker("x", made.python, "ours", "a", "b")
    warm = worker.seconds
    assert 0.02 <= worker.turn(0.3) < 0.3
    assert 0.02 <= worker.turn(0.001) < 0.3
    worker.end()
    assert [count for _, _, count, _ in made.ran()] == [1, 1, 1, round(0.3 / warm), 1]


@pytest.mark.parametrize(("module", "warm_up"), [("ours", 2), ("in_torch", 1)])
def test_a_slow_step_is_repeated_only_if_the_first_compiled(sleeper, module, warm_up):
    made = sleeper({f"peers.{module}": 0.02}, slow=0.01)
    Worker("x", made.python, module).end()
    assert len(made.ran()) == warm_up


def test_a_process_ends_with_the_one_that_started_it_in_the_middle_of_a_step(sleeper):
    made = sleeper({"peers.ours": 1000.0})
    process = subprocess.Popen([made.python, "-m", "peers.ours"], stdin=subprocess.PIPE)
    process.stdin.close()
    try:
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()


TIMES = {
    "peers.ours dcgan-mnist float32": 0.02,
    "peers.in_keras dcgan-mnist float32": 0.06,
    "peers.in_torch dcgan-mnist float32": 0.1,
    "peers.in_torch dcgan-mnist float32 channels_last": 0.03,
}
OTHERS = {"peers.ours r p": 0.01, "peers.in_keras r p": 0.01}


@pytest.mark.slow
def test_sides_take_turns_and_the_way_that_fails_is_told(sleeper, monkeypatch, capsys):
    made = sleeper(TIMES)
    monkeypatch.setattr(sys, "executable", made.python)
    compared = steps.compare("dcgan-mnist", "float32", made.python, pairs=2, seconds=0.05)
    names = ["ours", "PyTorch channels_last", "PyTorch eager", "Keras"]
    assert [list(times) for times in compared.rounds] == [names, names]
    told = capsys.readouterr().out
    assert "  PyTorch compile: OSError: there is no compiler\n" in told
    assert "  PyTorch compile, channels_last: OSError: there is no compiler\n" in told
    ran = made.ran()
    assert all(end <= begun for (_, end, *_), (begun, *_) in pairwise(ran))
    in_turn = [who.removeprefix("peers.").replace(" dcgan-mnist float32", "") for *_, who in ran]
    assert in_turn[-8:] == ["ours", "in_torch channels_last", "in_torch", "in_keras"] * 2


@pytest.mark.slow
def test_a_side_that_fails_between_ends_all_with_its_last_line(sleeper, monkeypatch):
    made = sleeper(TIMES, turns=4)  # three to warm up and one to choose by
    monkeypatch.setattr(sys, "executable", made.python)
    with pytest.raises(SideError, match=r"^PyTorch channels_last: MemoryError: no memory is left$"):
        steps.compare("dcgan-mnist", "float32", made.python, pairs=2, seconds=0.02)


@pytest.mark.slow
def test_only_the_two_fastest_ways_of_pytorch_go_on(sleeper, monkeypatch):
    ways = {"slow": ("d",), "fast": ("a",), "slower": ("e",), "middling": ("b",)}
    monkeypatch.setattr(steps, "TORCH_WAYS", ways)
    seconds = {"a": 0.01, "b": 0.08, "d": 0.15, "e": 0.25}
    made = sleeper({f"peers.in_torch r p {way}": it for way, it in seconds.items()} | OTHERS)
    monkeypatch.setattr(sys, "executable", made.python)
    ended, end = [], Worker.end
    monkeypatch.setattr(Worker, "end", lambda worker: (ended.append(worker.name), end(worker)))
    compared = steps.compare("r", "p", made.python, pairs=1, seconds=0.01)
    assert ended[:2] == ["PyTorch slower", "PyTorch slow"]
    assert list(compared.rounds[0]) == ["ours", "PyTorch fast", "PyTorch middling", "Keras"]


def test_without_pytorch_there_is_a_line(monkeypatch, capsys):
    monkeypatch.setattr(steps, "TORCH_WAYS", {"eager": ()})
    arguments = ["dcgan-mnist", "--precision", "float32", "--torch-python", "/bin/false"]
    monkeypatch.setattr(sys, "argv", ["steps.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        steps.main()
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert "  PyTorch eager: ended without a word\n" in out
    assert err == (
        "  PyTorch: /bin/false runs it in no way; --torch-python names an interpreter that does\n"
    )


def test_a_recipe_that_is_none_of_the_five_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["steps.py", "quickstart"])
    with pytest.raises(SystemExit) as ended:
        steps.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(
        "error: quickstart: none of the reference recipes (wgan-celeba, dcgan-mnist,"
        " dcgan-mnist-sigmoid, cgan-mnist, dcgan-faces-96)\n"
    )


ROUNDS = (
    {"ours": 0.1, "PyTorch eager": 0.15, "PyTorch compile": 0.12, "Keras": 0.2},
    {"ours": 0.2, "PyTorch eager": 0.22, "PyTorch compile": 0.24, "Keras": 0.5},
    {"ours": 0.1, "PyTorch eager": 0.16, "PyTorch compile": 0.14, "Keras": 0.4},
)


def test_ratios_are_of_the_same_round_and_of_its_best_pytorch():
    compared = Compared("dcgan-mnist", "float32", ROUNDS)
    assert compared.ratios("PyTorch") == pytest.approx([1.2, 1.1, 1.4])
    assert compared.ratios("Keras") == pytest.approx([2.0, 2.5, 4.0])


def test_the_table_has_medians_and_spreads():
    slow = ({"ours": 0.0123, "PyTorch eager": 1.5, "Keras": 12.0},)
    results = [
        Compared("dcgan-mnist", "float32", ROUNDS),
        Compared("cgan-mnist", "mixed_bfloat16", slow),
    ]
    rows = [re.split("  +", line) for line in steps.table(results).splitlines()]
    assert rows == [
        ["recipe", "precision", "ours", "PyTorch", "Keras", "PyTorch / ours", "Keras / ours"],
        [
            *("dcgan-mnist", "float32", "100 ms", "140 ms (compile)", "400 ms"),
            *("1.20 (1.10 to 1.40)", "2.50 (2.00 to 4.00)"),
        ],
        [
            *("cgan-mnist", "mixed_bfloat16", "12.3 ms", "1,500 ms (eager)", "12,000 ms"),
            *("121.95 (121.95 to 121.95)", "975.61 (975.61 to 975.61)"),
        ],
    ]


@pytest.mark.slow
def test_all_times_go_into_a_file(sleeper, monkeypatch, tmp_path):
    made = sleeper(TIMES)
    monkeypatch.setattr(sys, "executable", made.python)
    file = tmp_path / "times.json"
    arguments = ["dcgan-mnist", "--precision=float32", "--pairs=1", "--seconds=0.01", "--json"]
    monkeypatch.setattr(
        sys, "argv", ["steps.py", *arguments, str(file), "--torch-python", made.python]
    )
    with pytest.raises(SystemExit) as ended:
        steps.main()
    assert ended.value.code == 0
    [written] = json.loads(file.read_text())
    assert (written["recipe"], written["precision"]) == ("dcgan-mnist", "float32")
    assert written["rounds"][0]["ours"] >= 0.02
    assert written["rounds"][0]["Keras"] >= 0.06
