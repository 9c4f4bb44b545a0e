from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.kernels.adam import Adam

SHAPES = [(5, 3), (4,), ()]


def moved(optimizer_class, **keywords):
    """Weights and moments after some steps, through the compiled call that training makes."""
    random = np.random.default_rng(3)
    weights = [keras.Variable(random.normal(size=shape).astype(np.float32)) for shape in SHAPES]
    optimizer = optimizer_class(0.01, **keywords)
    optimizer.build(weights)
    apply = tf.function(optimizer.apply, autograph=False)
    for _ in range(4):
        apply([tf.constant(random.normal(size=shape), tf.float32) for shape in SHAPES])
    return [item.numpy() for item in [*optimizer.variables, *weights]]


@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"beta_1": 0.0, "beta_2": 0.9, "epsilon": 1e-8},
        {"amsgrad": True},
        {"weight_decay": 0.1, "clipnorm": 0.5},
        {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 3},
        {"gradient_accumulation_steps": 2},
    ],
    ids=str,
)
def test_moves_as_that_of_keras_does(keywords):
    ours, theirs = moved(Adam, **keywords), moved(keras.optimizers.Adam, **keywords)
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-7)


def test_each_weight_is_moved_by_one_operation():
    weights = [keras.Variable(np.zeros(shape, np.float32)) for shape in SHAPES]
    optimizer = Adam()
    optimizer.build(weights)
    gradients = [tf.TensorSpec(shape) for shape in SHAPES]
    traced = tf.function(optimizer.apply, autograph=False).get_concrete_function(gradients)
    operations = [it.type for it in traced.graph.get_operations()]
    assert operations.count("ResourceApplyAdam") == len(SHAPES)
    assert "AssignSubVariableOp" not in operations
