import tensorflow as tf

from gantool.augmentations import pipeline
from gantool.gan.augmentation import Augmentation, Numbers
from gantool.gan.schedule import Progress, Schedule, now
from gantool.recipe.types import Scheduled, Share


class Augment(Augmentation):
    """The changes of `Adaptive`, with a probability that the recipe tells (Karras et al. 2020).

    Args:
        probability: Of each change of an image.
    """

    uniforms = pipeline.UNIFORMS
    normals = pipeline.NORMALS

    def __init__(self, probability: Scheduled[Share]) -> None:
        self.probability: float | Schedule = probability

    def __call__(self, images: tf.Tensor, numbers: Numbers, progress: Progress) -> tf.Tensor:
        return pipeline.changed(images, now(self.probability, progress), numbers)
