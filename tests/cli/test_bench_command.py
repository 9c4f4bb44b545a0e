"""`gantool bench`: what it tells, as a table and as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from gantool.cli import bench as module
from gantool.measuring import report
from gantool.measuring.report import Report
from gantool.recipe.model import Train

QUICK = (
    *("--set", "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]"),
    *("--set", "discriminator.layers=[Flatten, Dense: {units: 1}]"),
    *("--set", "data.labels=false"),
)
REPORT = Report(
    recipe="faces",
    device="2 cores of Some CPU",
    cores=2,
    gantool="1.0",
    tensorflow="2.21.0",
    keras="3.15.0",
    python="3.11.7",
    precision="mixed_bfloat16",
    xla=False,
    batch_size=64,
    images_per_step=320,
    steps=40,
    calls=10,
    first_step_seconds=6.04,
    seconds_per_step=0.24312,
    seconds_per_step_min=0.2391,
    seconds_per_step_max=1.25,
    images_per_second=1316.2,
    data_wait_share=0.004,
    phase_shares={"waiting_for_data": 0.004, "generator_forward": 0.5, "rest": 0.496},
    peak_memory_bytes=1_440_000_000,
    peak_gpu_memory_bytes=None,
    operations_per_step=29_120_000_000,
    operations_are_all=True,
    operations_per_second=119.8e9,
    matrix_product_dtype="bfloat16",
    matrix_product_operations_per_second=1234.5e9,
    share_of_matrix_product_rate=0.097,
    cores_used_by_others=0.1,
)
TABLE = """\
faces, batch 64, mixed_bfloat16, on 2 cores of Some CPU

step        243 ms (239 ms to 1.25 s; 40 in 10 calls)
images      1,316 a second
memory      1.4 GB
arithmetic  29.1 GFLOP a step, 120 GFLOP/s: 10% of the 1,234 GFLOP/s of a large product of matrices\
 in bfloat16
start       6.0 s for the first step, which compiles

share of a step
   0.4%  waiting for data
  50.0%  generator forward
  49.6%  rest
"""


@pytest.fixture(autouse=True)
def _in_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds in ("_SETTLING", "_TIMED", "_OF_WAITING", "_OF_PHASES"):
        monkeypatch.setattr(report, seconds, 0.05)
    monkeypatch.setattr(report, "product_rate", lambda _: 1e9)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def schema() -> dict[str, Any]:
    """Every number is there, with its unit in its name, and nothing else is."""
    share = {"type": "number", "minimum": 0, "maximum": 1}
    number = {"type": "number", "exclusiveMinimum": 0}
    count = {"type": "integer", "minimum": 1}
    kinds = {"str": {"type": "string"}, "bool": {"type": "boolean"}, "float": number, "int": count}
    properties = {field.name: kinds.get(str(field.type), {}) for field in fields(Report)}
    properties |= {
        "data_wait_share": share,
        "share_of_matrix_product_rate": number,
        "phase_shares": {"type": "object", "additionalProperties": share},
        "peak_gpu_memory_bytes": {"type": "null"},
        "cores_used_by_others": {"type": "number", "minimum": 0},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@pytest.mark.slow
def test_json_is_one_object_and_nothing_is_written(
    command: Any, tiny: Path, workshop: Path
) -> None:
    before = sorted(workshop.rglob("*"))
    ended = command(
        *("bench", tiny, *QUICK, "--steps", "3", "--batch", "24", "--seed", "5"),
        *("--precision", "mixed_bfloat16", "--json"),
    )
    assert (ended.code, ended.err) == (0, "")
    told = json.loads(ended.out)
    jsonschema.validate(told, schema())
    assert (told["batch_size"], told["precision"], told["steps"]) == (24, "mixed_bfloat16", 3)
    assert told["images_per_step"] == 24
    assert sum(told["phase_shares"].values()) == pytest.approx(1.0)
    # Per image: 4 · 784 and 6272 to teach, 2 · 6272 and 2 · 784 to fool.
    assert told["operations_per_step"] == 2 * 24 * (3 * 6272 + 6 * 784)
    assert sorted(workshop.rglob("*")) == before
    assert list(Path().iterdir()) == []


@pytest.mark.slow
def test_a_table_by_default(command: Any, tiny: Path) -> None:
    ended = command("bench", tiny, *QUICK, "--steps", "2")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert re.fullmatch(r"tiny, batch 8, float32, on \d+ cores? of .*", lines[0])
    labels = [line.split("  ")[0] for line in lines[2:7]]
    assert labels == ["step", "images", "memory", "arithmetic", "start"]
    phases = [line.split("%  ") for line in lines[9:19]]
    assert [name for _, name in phases][:2] == ["waiting for data", "discriminator forward"]
    assert phases[-1][1] == "rest"
    assert sum(float(share) for share, _ in phases) == pytest.approx(100, abs=0.6)


def told(found: Report, are_prepared: bool = False) -> str:
    return "".join(f"{line}\n" for line in module._lines(found, are_prepared))


def test_the_table() -> None:
    assert told(REPORT) == TABLE


def test_what_the_table_says_where_it_matters() -> None:
    gpu = replace(REPORT, peak_gpu_memory_bytes=3_210_000_000, xla=True)
    assert "memory      1.4 GB, and 3.2 GB of the GPU\n" in told(gpu)
    assert "share of a step (parts measured without XLA)\n" in told(gpu)
    looped = replace(REPORT, operations_are_all=False)
    assert "arithmetic  at least 29.1 GFLOP a step" in told(looped)
    assert told(replace(REPORT, data_wait_share=0.01, cores_used_by_others=0.2)) == TABLE
    assert told(replace(REPORT, data_wait_share=0.031)) == (
        f"{TABLE}\nThe step waits for data 3.1% of its time: `gantool convert` crops and resizes"
        " the images once, before training.\n"
    )
    # What waits in memory is converted already.
    assert told(replace(REPORT, data_wait_share=0.031), are_prepared=True) == TABLE
    assert told(replace(REPORT, cores_used_by_others=0.74)) == (
        f"{TABLE}\nOther processes used 0.7 of the 2 cores meanwhile: alone, the step is faster.\n"
    )


def test_the_precisions_are_those_of_recipes() -> None:
    assert get_args(Train.model_fields["precision"].annotation) == module._PRECISIONS


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--steps", "0"],
            "Error: Invalid value for '--steps': 0 is not in the range 1<=x<=1000000.",
        ),
        (
            ["--batch", "0"],
            "Error: Invalid value for '--batch': '0' is neither auto nor a whole number of at"
            " least 1.",
        ),
        (
            ["--precision", "half"],
            "Error: Invalid value for '--precision': 'half' is not one of 'auto', 'float32',"
            " 'mixed_bfloat16', 'mixed_float16'.",
        ),
        (
            ["--batch", "301"],
            "--set train.batch_size=301: batch_size 301 is larger than the set of 300 images; the"
            " largest batch is 300, or data.repeat: true goes through the images again",
        ),
        (["--set", "loss=hing"], "--set loss=hing: "),
    ],
)
def test_wrong_options(arguments: list[str], complaint: str, command: Any, tiny: Path) -> None:
    ended = command("bench", tiny, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1].startswith(complaint)


@pytest.mark.slow
def test_a_diverging_recipe_ends_with_3(command: Any, tiny: Path) -> None:
    ended = command(
        *("bench", tiny, *QUICK, "--steps", "50"),
        *("--set", "optimizers.discriminator={SGD: {learning_rate: 1.0e+30}}"),
    )
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("training diverged at step ")


def test_steps_that_nobody_could_wait_for_are_refused(command: Any, tiny: Path) -> None:
    ended = command("bench", tiny, "--steps", 2**63)
    assert ended.code == 2
    assert ended.err.endswith(f"{2**63} is not in the range 1<=x<=1000000.\n")
