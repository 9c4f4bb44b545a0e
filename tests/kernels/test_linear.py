from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.kernels.linear import Linear, compiled, in_turn

MATRIX = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)


@pytest.fixture
def linear() -> Linear:
    return Linear(
        *compiled(
            lambda x: [tf.linalg.matvec(MATRIX, x)],
            lambda y: [tf.linalg.matvec(MATRIX, y, transpose_a=True)],
        )
    )


def test_the_gradient_of_a_map_is_its_adjoint_and_the_other_way_round(linear):
    x, y = tf.constant([1.0, -1.0, 2.0]), tf.constant([3.0, 5.0])
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        [there], [back] = linear.forward(x), linear.adjoint(y)
        loss = tf.tensordot(there, y, 1) + 2.0 * tf.tensordot(back, x, 1)
    assert there.numpy().tolist() == [5.0, 11.0]
    assert back.numpy().tolist() == [23.0, 31.0, 39.0]
    of_x, of_y = tape.gradient(loss, [x, y])
    np.testing.assert_allclose(of_x, 3.0 * MATRIX.T @ y.numpy())
    np.testing.assert_allclose(of_y, 3.0 * MATRIX @ x.numpy())


def test_a_tape_that_may_go_on_to_higher_orders_has_nothing_more_compiled(linear):
    @tf.function
    def gradients(x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            [result] = linear.forward(x)
        return tape.gradient(result, x)

    graph = gradients.get_concrete_function(tf.zeros([3])).graph.as_graph_def()
    compiled = [it for it in graph.library.function if it.attr["_XlaMustCompile"].b]
    assert len(compiled) == 2  # there and back


def test_maps_in_turn_are_applied_to_all_results_of_the_one_before():
    ends = lambda x: [x[:1], x[-1:]], lambda first, last: [tf.concat([first, last], 0)]
    scaled = lambda x: [x, 2 * x, 3 * x], lambda one, two, three: [one + 2 * two + 3 * three]
    forward, adjoint = in_turn((ends, 2), (scaled, 3))
    parts = forward(tf.constant([5.0, 7.0]))
    assert [part.numpy().tolist() for part in parts] == [[5], [10], [15], [7], [14], [21]]
    [whole] = adjoint(*(tf.constant([float(value)]) for value in (1, 10, 100, 2, 20, 200)))
    assert whole.numpy().tolist() == [321.0, 642.0]
