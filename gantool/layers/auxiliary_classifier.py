from typing import Any

import keras

from gantool.layers.dense import Dense


class AuxiliaryClassifier(Dense):
    """The last layer: a logit that judges, and one for each class (Odena et al. 2017, ACGAN).

    Of a discriminator, in place of `Dense: {units: 1}`; ClassLoss is of what it says of classes.

    Args:
        classes: How many classes there are; the builder gives it.
    """

    def __init__(self, classes: int, **keywords: Any) -> None:
        if not classes:
            raise ValueError("it needs labels: set data.labels to true")
        super().__init__(1 + classes, **keywords)


def classifies(layer: keras.layers.Layer) -> bool:
    """Whether a layer, or one that it wraps, is an auxiliary classifier."""
    return any(isinstance(it, AuxiliaryClassifier) for it in layer._flatten_layers())
