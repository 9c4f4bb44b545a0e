from typing import Any

import keras
import tensorflow as tf


class SpectralNormalization(keras.layers.SpectralNormalization):
    """A layer whose kernel is divided by σ, its largest singular value (Miyato et al. 2018).

    The kernel [..., C] counts as a matrix W [N, C], and σ = vᵀWu, where v and u come from
    `power_iterations` steps of the power method on from the kept `vector_u` and are constants to
    the gradient. Keras's layer of this name assigns W / σ to the kernel, and inference uses what
    the kernel holds. Here the kernel stays W and both modes divide by the same σ; training alone
    keeps the new u. Of a layer that has several kernels, each is divided by its own σ.

    Args:
        layer: What has a `kernel` or `embeddings`, or a wrapper of such a layer.
        power_iterations: Steps of the power method in each pass.
    """

    def __init__(
        self, layer: keras.layers.Layer, power_iterations: int = 1, **keywords: Any
    ) -> None:
        keywords["dtype"] = "float32"  # of σ; the layer inside computes in its own
        super().__init__(layer, power_iterations, autocast=False, **keywords)

    def build(self, input_shape: Any) -> None:
        """Create u [1, C] of each kernel, with the name and the first values Keras gives it."""
        keras.layers.Wrapper.build(self, input_shape)
        self.kernels = _kernels_of(self.layer)
        self.vectors_u = [
            self.add_weight(
                shape=(1, kernel.shape[-1]),
                initializer=keras.initializers.TruncatedNormal(stddev=0.02),
                trainable=False,
                name="vector_u",
                dtype=kernel.dtype,
            )
            for kernel in self.kernels
        ]
        self.kernel, self.vector_u = self.kernels[0], self.vectors_u[0]

    def compute_output_spec(
        self,
        inputs: Any,
        label: Any = None,
        training: bool | None = None,  # noqa: ARG002
    ) -> Any:
        """Shape and type of what `layer` makes."""
        return self.layer.compute_output_spec(*_given(inputs, label))

    def call(self, inputs: Any, label: Any = None, training: bool | None = None) -> Any:
        """What `layer` makes of its inputs, and of labels that it takes, with W / σ for W."""
        values, normalized = [], set()
        for kernel, kept in zip(self.kernels, self.vectors_u, strict=True):
            divided, vector_u = self._normalized(kernel, kept)
            if training:
                kept.assign(vector_u)
            values.append((kernel, divided))
            normalized.add(id(kernel))
        inner = [item for item in self.layer.variables if id(item) not in normalized]
        values += [(item, item.value) for item in inner]
        with keras.StatelessScope(values, collect_losses=True) as scope:
            outputs = self.layer(*_given(inputs, label))
        if scope.original_scope is not None:  # of `stateless_call`, which is told the losses
            for loss in scope.losses:
                scope.original_scope.add_loss(loss)
        for item in inner:
            if not item.trainable:
                item.assign(scope.get_current_value(item))
        return outputs

    def divided(self) -> list[tuple[keras.Variable, tf.Tensor]]:
        """Each kernel, and what it is in samples: W / σ."""
        pairs = zip(self.kernels, self.vectors_u, strict=True)
        return [(kernel, self._normalized(kernel, kept)[0]) for kernel, kept in pairs]

    def _normalized(self, of: keras.Variable, kept: keras.Variable) -> tuple[tf.Tensor, tf.Tensor]:
        """W / σ in the kernel's shape, and the new u; a kernel of zeros stays as it is."""
        # A wrapper that calls this layer's `call` itself has the values cast; the sums are not.
        weights, before = (tf.cast(it.value, it.dtype) for it in (of, kept))
        matrix = tf.reshape(weights, [-1, of.shape[-1]])
        fixed, vector_u = tf.stop_gradient(matrix), before
        for _ in range(self.power_iterations):
            vector_v = _unit(tf.matmul(vector_u, fixed, transpose_b=True))
            vector_u = _unit(tf.matmul(vector_v, fixed))
        sigma = tf.matmul(tf.matmul(vector_v, matrix), vector_u, transpose_b=True)
        is_zero = sigma == 0.0
        kernel = matrix / tf.where(is_zero, 1.0, sigma)
        return tf.reshape(kernel, of.shape), tf.where(is_zero, before, vector_u)


def _given(inputs: Any, label: Any) -> tuple[Any, ...]:
    return (inputs,) if label is None else (inputs, label)


def _kernels_of(layer: keras.layers.Layer) -> list[keras.Variable]:
    """The kernels of a layer, or of the one that it wraps."""
    if hasattr(layer, "kernels"):
        return list(layer.kernels)
    for name in ("kernel", "embeddings"):
        if hasattr(layer, name):
            return [getattr(layer, name)]
    if not hasattr(layer, "layer"):
        raise ValueError(f"{type(layer).__name__} has no kernel and no embeddings")
    return _kernels_of(layer.layer)


def _unit(vector: tf.Tensor) -> tf.Tensor:
    """A vector at length 1; of length 0 where it is zero."""
    return tf.math.divide_no_nan(vector, tf.norm(vector))
