"""Steps of two replicas on two logical devices of the processor, beside those of one replica.

A program, since devices are made when TensorFlow starts: RECIPE → one JSON object on stdout, which
`test_distribution.py` looks at.
"""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

import numpy as np

from gantool.device import prepare_tensorflow

prepare_tensorflow()

import tensorflow as tf  # noqa: E402

[PROCESSOR] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(
    PROCESSOR, [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
)


from gantool.data.loading import load_images  # noqa: E402
from gantool.data.pipeline import batches  # noqa: E402
from gantool.distribute.distribution import mirrored  # noqa: E402
from gantool.distribute.replicas import ALONE, Replicas  # noqa: E402
from gantool.engine.build import build_gan  # noqa: E402
from gantool.engine.plan import Plan, make_plan, make_state  # noqa: E402
from gantool.engine.refusal import NotFiniteError  # noqa: E402
from gantool.engine.state import TrainingState  # noqa: E402
from gantool.errors import InputError  # noqa: E402
from gantool.gan.latents import draw, stateless_seed  # noqa: E402
from gantool.gan.updates import Given, descend_both  # noqa: E402
from gantool.recipe.edit import parse_override  # noqa: E402
from gantool.recipe.load import LoadedRecipe, find_recipe, load  # noqa: E402
from gantool.training.session import refuse_uneven_shares  # noqa: E402

BATCH = 8
"""The recipe's."""


def networks(normalization: str = "") -> tuple[str, str]:
    """Small ones for digits, with a layer of normalization in each if one is given."""
    layer = f" {normalization}," if normalization else ""
    return (
        "generator.layers=[ConcatLabel, Dense: {units: 98, use_bias: false},"
        f"{layer} ReLU, Reshape: {{target_shape: [7, 7, 2]}}, UpSampling2D: {{size: 4}},"
        " Conv2D: {filters: 1, kernel_size: 3, padding: same, activation: tanh, use_bias: false}]",
        "discriminator.layers=[ConcatLabel,"
        " Conv2D: {filters: 3, kernel_size: 4, strides: 2, padding: same, use_bias: false},"
        f"{layer} LeakyReLU, Flatten, Dense: {{units: 1}}]",
    )


PLAIN = networks()
SYNCHRONIZED = networks("BatchNormalization: {synchronized: true}")
RMSPROP = (
    "optimizers={generator: {RMSprop: {learning_rate: {Linear: {from: 2e-3, to: 5e-4, over: 3}}}},"
    " discriminator: {RMSprop: {learning_rate: 1.0e-3}}}"
)
# Each holds as much as goes together, because a step of two takes seconds to build.
CASES: dict[str, list[str]] = {
    "clipped": [
        *PLAIN,
        RMSPROP,
        "loss=wasserstein",
        "train.accumulate=2",
        "train.average={half_life: 64 images}",
        "regularizers=[WeightClip: {limit: 0.05}]",
        "train.updates={discriminator: 2, burst: {discriminator: 3, first: 1, every: null}}",
    ],
    "penalty": [
        *SYNCHRONIZED,
        "loss=wasserstein",
        "regularizers=[GradientPenalty: {weight: 10}, WeightDecay: {weight: 0.01}]",
    ],
    "averages": [
        *PLAIN,
        # Averages take a common part away: a bias would be moved by rounding alone.
        "discriminator.layers.4.Dense.use_bias=false",
        "loss={RelativisticAverage: {label_smoothing: 0.1, flip: 0.3}}",
        "regularizers=[GradientPenalty: {at: around-real}, WassersteinDivergence: {power: 2}]",
    ],
    "adaptive": [
        *PLAIN,
        "discriminator.layers.4.Dense.bias_initializer={Constant: {value: 0.3}}",
        "augment={Adaptive: {target: 0.01, images: 100, every: 4}}",
        "regularizers=[BalancedConsistency]",
        "train.updates={discriminator: 2}",
        "train.accumulate=2",
    ],
    "separate": [
        *PLAIN,
        "discriminator.layers.0=Pack",
        "train.jit_compile=true",  # of one replica alone
        "train.updates={order: generator-first, generator: 2, latents: shared,"
        " real_and_generated: separate}",
    ],
}


class Trained(NamedTuple):
    """What some steps have made of the states of all replicas."""

    losses: list[float]
    states: list[dict[str, np.ndarray]]


def loaded_with(*settings: str) -> LoadedRecipe:
    overrides = [parse_override(text) for text in ("train.precision=float32", *settings)]
    return load(find_recipe(sys.argv[1]), overrides)


def values(state: TrainingState) -> dict[str, np.ndarray]:
    return {
        f"{group}/{key}": variable.numpy().astype(np.float64)
        for group, members in state.variables().items()
        for key, variable in members.items()
    }


def begin(
    replicas: Replicas, loaded: LoadedRecipe, moved: float = 0.0
) -> tuple[Plan, list[TrainingState]]:
    """The states of all replicas; the first one's weights were moved, as by a checkpoint."""
    plan = make_plan(loaded)
    for variable in plan.state.discriminator.model.trainable_variables:
        variable.assign(variable.value + moved)
    states = [plan.state]
    for own in range(1, replicas.local):
        with replicas.at(own):
            states.append(make_state(plan.loaded, plan.classes))
    replicas.begin([], states)
    return plan, states


def feed_of(plan: Plan) -> tf.data.Dataset:
    assert plan.source is not None
    images = load_images(plan.source, plan.recipe.data)
    size, seed = plan.recipe.train.update_size, plan.recipe.seed
    return batches(images, plan.recipe.data, batch_size=size, seed=seed, first_batch=0)


def trained(replicas: Replicas, settings: list[str], steps: int = 3) -> Trained:
    plan, states = begin(replicas, loaded_with(*settings))
    step = replicas.step(states, plan.recipe)
    losses = step.run(iter(feed_of(plan)), steps)
    return Trained([losses.generator, losses.discriminator], [values(state) for state in states])


def distance(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> dict[str, float]:
    """Of each variable, relative to the variable."""
    assert found.keys() == expected.keys()
    return {
        key: float(np.linalg.norm(found[key] - value) / max(np.linalg.norm(value), 1e-30))
        for key, value in expected.items()
    }


def compared(settings: list[str], pair: Replicas) -> dict[str, Any]:
    one, two = trained(ALONE, settings), trained(pair, settings)
    first, second = two.states
    return {
        "losses": [one.losses, two.losses],
        "distance": distance(first, one.states[0]),
        "alike": all((first[key] == second[key]).all() for key in first),
    }


def halves(pair: Replicas) -> dict[str, Any]:
    """Normalization by each replica's own part: the mean of what each half alone would do."""
    settings = [
        *networks("BatchNormalization"),
        "train.updates={order: simultaneous}",
        "train.average=null",
        "data.flip=false",
        "optimizers={generator: {SGD: {learning_rate: 1.0}},"
        " discriminator: {SGD: {learning_rate: 1.0}}}",
    ]
    two = trained(pair, settings, steps=1)
    made = []
    for half in (slice(0, BATCH // 2), slice(BATCH // 2, BATCH)):
        plan, [state] = begin(ALONE, loaded_with(*settings))
        images, labels = next(iter(feed_of(plan)))
        number = tf.constant(0, tf.int64)
        seed = stateless_seed(plan.recipe.seed, "latent/shared", number)
        latents = draw(plan.recipe.latent, BATCH, seed)
        gan = build_gan(state, plan.recipe)
        descent = descend_both(gan, Given(images[half], labels[half], latents[half], number))
        for name, gradients in descent.gradients.items():
            gan.network(name).apply(gradients, descent.state[name])
        made.append(values(state))
    mean = {key: (made[0][key] + made[1][key]) / 2 for key in made[0]}
    return {"distance": distance(two.states[0], mean), "differ": distance(made[1], made[0])}


def overflow(pair: Replicas) -> dict[str, Any]:
    """One replica's part alone overflows in float16."""
    settings = [*PLAIN, "train.updates={order: simultaneous}", "train.average=null"]
    loaded = loaded_with(*settings, "train.precision=mixed_float16")
    plan, states = begin(pair, loaded, moved=0.5)
    before = [values(state) for state in states]
    images = np.zeros((BATCH, 28, 28, 1), np.float32)
    images[BATCH // 2 :] = 6e4
    feed = tf.data.Dataset.from_tensors((images, np.arange(BATCH, dtype=np.int32))).repeat()
    pair.step(states, plan.recipe).run(iter(feed), 1)
    scale, weights = "optimizers/discriminator/dynamic_scale", "discriminator/"
    return {
        "alike": all((before[0][key] == before[1][key]).all() for key in before[0]),
        "scales": [
            [float(found[scale]) for found in (old, values(state))]
            for old, state in zip(before, states, strict=True)
        ],
        "moved": [
            any((found[key] != old[key]).any() for key in old if key.startswith(weights))
            for old, found in zip(before, map(values, states), strict=True)
        ],
    }


def refused(pair: Replicas) -> dict[str, Any]:
    """One replica's part alone is not finite, in the third of twelve steps."""
    settings = [*PLAIN, "train.updates={discriminator: 2}"]
    plan, states = begin(pair, loaded_with(*settings))
    images = np.zeros((24, BATCH, 28, 28, 1), np.float32)
    images[4, BATCH // 2 :] = np.nan
    labels = np.tile(np.arange(BATCH, dtype=np.int32), (24, 1))
    feed = iter(tf.data.Dataset.from_tensor_slices((images, labels)))
    step = pair.step(states, plan.recipe)
    step.run(feed, 2)
    before = [values(state) for state in states]
    try:
        step.run(feed, 10)
    except NotFiniteError as error:
        fault = error.fault
    return {
        "fault": [fault.network, fault.index, fault.step, plan.state.step],
        "moved": [
            any((found[key] != old[key]).any() for key in old)
            for old, found in zip(before, map(values, states), strict=True)
        ],
    }


def uneven(pair: Replicas, *settings: str) -> str:
    try:
        refuse_uneven_shares(make_plan(loaded_with(*settings)), pair)
    except InputError as error:
        return str(error)
    return ""


def main() -> None:
    pair = mirrored()
    found: dict[str, Any] = {
        "replicas": pair.count,
        "halves": halves(pair),
        "overflow": overflow(pair),
        "refused": refused(pair),
        "uneven": uneven(pair, "train.batch_size=9"),
        "uneven packs": uneven(pair, "discriminator.layers.0=Pack", "train.batch_size=10"),
    }
    found["cases"] = {name: compared(settings, pair) for name, settings in CASES.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
