"""Whether the discriminator has the derivatives that a penalty on its gradient is trained by."""

from collections.abc import Iterator

import keras
import tensorflow as tf

from gantool.kernels.switch import plain_kernels
from gantool.networks.build import BuiltNetwork
from gantool.recipe.document import Problem
from gantool.recipe.model import Recipe
from gantool.recipe.signatures import attributes

_WARP = "ImageProjectiveTransformV3"
"""An operation whose gradient TensorFlow approximates, by the gradient warped back."""


def discriminator_problems(built: BuiltNetwork, recipe: Recipe) -> Iterator[Problem]:
    """Tell the layers that a penalty on the gradient by an example cannot be trained through.

    Each is traced by itself, and nothing is computed. Of a whole network not all would show: some
    derivatives that TensorFlow lacks it takes for zero, and the penalty would do nothing.
    """
    terms = (item.name for item in recipe.regularizers)
    term = next((name for name in terms if attributes("term", name).get("by_examples")), None)
    if term is None:
        return
    for placed in built.layers:
        fault = _fault(placed.layer, recipe.train.batch_size)
        if fault is not None:
            yield Problem(
                placed.path,
                f"{placed.name} {fault}, and {term} is a penalty on the gradient:"
                f" {_instead(placed.layer)}remove one of them",
            )


def _instead(layer: keras.layers.Layer) -> str:
    """What else than removing a layer can be done."""
    if isinstance(layer, keras.layers.UpSampling2D):
        return "set interpolation to nearest, or "
    return "take another activation, or " if _activation(layer) == "softsign" else ""


def _activation(layer: keras.layers.Layer) -> str:
    return getattr(getattr(layer, "activation", None), "__name__", "linear")


def _fault(layer: keras.layers.Layer, batch: int) -> str | None:
    """What is wrong with the derivatives of a layer in training; None where nothing is."""
    is_own = type(layer).__module__.startswith("gantool.") and not hasattr(layer, "layer")
    if is_own and _activation(layer) == "linear":
        return None  # all of ours have their derivatives, and large networks have many
    model = keras.Model(layer.input, layer.output)
    specs = [tf.TensorSpec((batch, *given.shape[1:]), given.dtype) for given in model.inputs]
    if not any(spec.dtype.is_floating for spec in specs):
        return None
    has_first = has_second = False

    def derive(*inputs: tf.Tensor) -> None:
        """Take the gradient, and its derivative by the outputs' weights, in which it is linear."""
        nonlocal has_first, has_second
        numbers = [given for given in inputs if given.dtype.is_floating]
        with tf.GradientTape() as outer, tf.GradientTape() as inner:
            inner.watch(numbers)
            outputs, _ = model.stateless_call(
                [variable.value for variable in model.trainable_variables],
                [variable.value for variable in model.non_trainable_variables],
                inputs if len(inputs) > 1 else inputs[0],
                training=True,
            )
            if not outputs.dtype.is_floating:
                return
            weights = tf.ones_like(outputs)
            outer.watch(weights)
            gradients = inner.gradient(outputs, numbers, weights)
            first = [gradient for gradient in gradients if gradient is not None]
        has_first = bool(first)
        has_second = outer.gradient(first, weights) is not None

    try:
        with plain_kernels():
            traced = tf.function(derive, autograph=False).get_concrete_function(*specs)
    except Exception as error:  # what does not run at all is told where it is run
        is_lacking = "gradient registry has no entry" in str(error)
        return "has no second derivative in TensorFlow" if is_lacking else None
    if not has_first:
        return "lets no gradient through"
    if not has_second:
        return "has no second derivative in TensorFlow"
    graph = traced.graph.as_graph_def()
    nodes = [*graph.node, *(node for inner in graph.library.function for node in inner.node_def)]
    is_approximate = any(node.op == _WARP for node in nodes)
    return "has an approximate gradient in TensorFlow" if is_approximate else None
