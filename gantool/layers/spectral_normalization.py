from typing import Any

import keras
import tensorflow as tf


class SpectralNormalization(keras.layers.SpectralNormalization):
    """A layer whose kernel is divided by σ, its largest singular value (Miyato et al. 2018).

    The kernel [..., C] counts as a matrix W [N, C], and σ = vᵀWu, where v and u come from
    `power_iterations` steps of the power method on from the kept `vector_u` and are constants to
    the gradient. Keras's layer of this name assigns W / σ to the kernel, and inference uses what
    the kernel holds. Here the kernel stays W and both modes divide by the same σ; training alone
    keeps the new u.

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
        """Create u [1, C], with the name and the first values that Keras gives it."""
        keras.layers.Wrapper.build(self, input_shape)
        self.kernel = _kernel_of(self.layer)
        self.vector_u = self.add_weight(
            shape=(1, self.kernel.shape[-1]),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
            dtype=self.kernel.dtype,
        )

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: ARG002
        """Shape and type of what `layer` makes."""
        return self.layer.compute_output_spec(inputs)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """What `layer` makes of its inputs with W / σ for its kernel."""
        kernel, vector_u = self._normalized()
        if training:
            self.vector_u.assign(vector_u)
        inner = [item for item in self.layer.variables if item is not self.kernel]
        values = [(self.kernel, kernel), *((item, item.value) for item in inner)]
        with keras.StatelessScope(values, collect_losses=True) as scope:
            outputs = self.layer(inputs)
        if scope.original_scope is not None:  # of `stateless_call`, which is told the losses
            for loss in scope.losses:
                scope.original_scope.add_loss(loss)
        for item in inner:
            if not item.trainable:
                item.assign(scope.get_current_value(item))
        return outputs

    def _normalized(self) -> tuple[tf.Tensor, tf.Tensor]:
        """W / σ in the kernel's shape, and the new u; a kernel of zeros stays as it is."""
        # A wrapper that calls this layer's `call` itself has the values cast; the sums are not.
        weights, before = (tf.cast(it.value, it.dtype) for it in (self.kernel, self.vector_u))
        matrix = tf.reshape(weights, [-1, self.kernel.shape[-1]])
        fixed, vector_u = tf.stop_gradient(matrix), before
        for _ in range(self.power_iterations):
            vector_v = _unit(tf.matmul(vector_u, fixed, transpose_b=True))
            vector_u = _unit(tf.matmul(vector_v, fixed))
        sigma = tf.matmul(tf.matmul(vector_v, matrix), vector_u, transpose_b=True)
        is_zero = sigma == 0.0
        kernel = matrix / tf.where(is_zero, 1.0, sigma)
        return tf.reshape(kernel, self.kernel.shape), tf.where(is_zero, before, vector_u)


def _kernel_of(layer: keras.layers.Layer) -> keras.Variable:
    """The kernel of a layer, or of the one that it wraps."""
    for name in ("kernel", "embeddings"):
        if hasattr(layer, name):
            return getattr(layer, name)
    if not hasattr(layer, "layer"):
        raise ValueError(f"{type(layer).__name__} has no kernel and no embeddings")
    return _kernel_of(layer.layer)


def _unit(vector: tf.Tensor) -> tf.Tensor:
    """A vector at length 1; of length 0 where it is zero."""
    return tf.math.divide_no_nan(vector, tf.norm(vector))
