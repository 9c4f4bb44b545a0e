from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gantool.data.loading import load_images
from gantool.engine.plan import make_plan
from gantool.measuring import report as module
from gantool.measuring.report import Report, estimate, measure, with_waiting
from gantool.memory import peak_memory

QUICK = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 1}]",
    "data.labels=false",
    "train.average=null",
    "optimizers={generator: SGD, discriminator: SGD}",
)
TEACH, FOOL = 2 * 8 * (8 * 784 + 4 * 784), 2 * 8 * (2 * 8 * 784 + 2 * 784)
"""Operations of an update of the discriminator and of the generator; see test_operations.py."""

COUNTED = 1.02
"""Linux adds up what threads have taken now and then: a peak may seem to shrink a little."""


@pytest.fixture(autouse=True)
def _in_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds in ("_SETTLING", "_TIMED", "_OF_WAITING", "_OF_PHASES", "_OF_ESTIMATE"):
        monkeypatch.setattr(module, seconds, 0.05)
    monkeypatch.setattr(module, "product_rate", lambda _: 1e9)


def set_out(loaded: Any) -> Any:
    plan = make_plan(loaded)
    assert plan.source is not None
    return plan, load_images(plan.source, plan.recipe.data)


@pytest.mark.slow
def test_a_report_adds_up(load_tiny: Callable[..., Any]) -> None:
    plan, images = set_out(load_tiny(*QUICK, "train.updates.discriminator=3"))
    found: Report = measure(plan, images, 12)
    assert (found.recipe, found.precision, found.batch_size) == ("tiny", "float32", 8)
    assert (found.steps, found.calls, found.images_per_step) == (12, 10, 3 * 8)
    assert 0 < found.seconds_per_step_min <= found.seconds_per_step <= found.seconds_per_step_max
    assert found.first_step_seconds > found.seconds_per_step  # it compiles
    assert found.images_per_second == pytest.approx(24 / found.seconds_per_step)
    assert found.operations_per_step == 3 * TEACH + FOOL
    assert found.operations_are_all
    assert found.operations_per_second == pytest.approx((3 * TEACH + FOOL) / found.seconds_per_step)
    assert found.share_of_matrix_product_rate == pytest.approx(found.operations_per_second / 1e9)
    assert found.matrix_product_dtype == "float32"
    assert sum(found.phase_shares.values()) == pytest.approx(1.0)
    assert found.phase_shares["waiting_for_data"] == found.data_wait_share
    assert 0 < found.data_wait_share < 1
    assert 0 < found.peak_memory_bytes <= COUNTED * peak_memory()
    assert found.peak_gpu_memory_bytes is None
    assert found.cores_used_by_others >= 0


@pytest.mark.slow
def test_where_nobody_names_steps_there_are_at_least_five(
    load_tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TIMED", 0.0)
    assert measure(*set_out(load_tiny(*QUICK)), None).steps == 5


def test_waiting_takes_its_share_from_all_phases() -> None:
    assert with_waiting({"forward": 0.75, "rest": 0.25}, 0.2) == {
        "waiting_for_data": 0.2,
        "forward": pytest.approx(0.6),
        "rest": pytest.approx(0.2),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "begins", "steps"),
    [
        ([], 0, 200),
        ([], 150, 50),
        ([], 200, 0),
        ([], 250, 0),  # --steps N has made the run shorter
        (["train={epochs: 2, batch_size: 100}"], 0, 6),
        # In each of three steps eight updates of the discriminator more than the usual two.
        (
            ["train.updates={discriminator: 2, burst: {discriminator: 10, first: 3, every: null}}"],
            0,
            200 + 24 * TEACH / (2 * TEACH + FOOL),
        ),
        (
            ["train.updates={discriminator: 2, burst: {discriminator: 10, first: 3, every: null}}"],
            2,
            198 + 8 * TEACH / (2 * TEACH + FOOL),
        ),
    ],
)
def test_an_estimate_counts_the_steps_that_are_left(
    settings: list[str], begins: int, steps: float, load_tiny: Callable[..., Any]
) -> None:
    plan, images = set_out(load_tiny(*QUICK, *settings))
    plan.state.step = begins
    found = estimate(plan, images)
    assert found.seconds == pytest.approx(steps * found.seconds_per_step)
    assert found.seconds_per_step > 0
    assert 0 < found.memory <= COUNTED * peak_memory()
    assert found.gpu_memory is None


@pytest.mark.slow
def test_the_losses_of_an_estimate_are_those_of_the_next_step(
    load_tiny: Callable[..., Any],
) -> None:
    from gantool.measuring.running import Running

    first, second = (set_out(load_tiny(*QUICK)) for _ in range(2))
    assert estimate(*first).losses == Running(*second).run(1).losses
