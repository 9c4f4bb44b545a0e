from collections.abc import Mapping

import keras
import tensorflow as tf

from gantool.augmentations import pipeline
from gantool.gan.augmentation import Augmentation, Numbers
from gantool.gan.schedule import Progress
from gantool.recipe.types import Count, Fraction


class Adaptive(Augmentation):
    """More changes the surer the discriminator is of real images (Karras et al. 2020, ADA).

    Mirroring, quarter turns, shifts, scaling, turns, stretching; brightness, contrast, light for
    dark, hue, saturation: each is made of an image with a probability, which begins at 0. Every few
    updates of the discriminator it rises by a step where the mean sign of the logits of real
    images was above the target, and else falls by one; it stays within 0 and 1 (section 3).
    metrics.jsonl has it as `augmentation_probability`.

    Args:
        target: The mean sign that it keeps to.
        images: After so many real images it could have come from 0 to 1.
        every: Updates of the discriminator from one step to the next.
    """

    uniforms = pipeline.UNIFORMS
    normals = pipeline.NORMALS
    by_signs = True

    def __init__(self, target: Fraction = 0.6, images: Count = 500_000, every: Count = 4) -> None:
        self.target = target
        self.images = images
        self.every = every
        self._variables = {
            name: keras.Variable(0.0, dtype="float32", trainable=False, name=name)
            for name in ("probability", "signs", "updates")
        }

    def __call__(self, images: tf.Tensor, numbers: Numbers, progress: Progress) -> tf.Tensor:
        return pipeline.changed(images, self._variables["probability"].value, numbers)

    def follow(self, sign: tf.Tensor, images: int, where: tf.Tensor) -> None:
        probability, signs, updates = (it.value for it in self._variables.values())
        signs, updates = signs + sign, updates + 1.0
        is_due = updates >= float(self.every)
        step = tf.sign(signs / updates - self.target) * (images * self.every / self.images)
        moved = tf.clip_by_value(probability + step, 0.0, 1.0)
        after = (
            tf.where(is_due, moved, probability),
            tf.where(is_due, 0.0, signs),
            tf.where(is_due, 0.0, updates),
        )
        for variable, value in zip(self._variables.values(), after, strict=True):
            variable.assign(tf.where(where, value, variable.value))

    def variables(self) -> Mapping[str, keras.Variable]:
        return self._variables

    def figures(self) -> Mapping[str, float]:
        return {"augmentation_probability": round(float(self._variables["probability"].value), 6)}
