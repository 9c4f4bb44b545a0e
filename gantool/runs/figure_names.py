"""The names of figures in rows of metrics.jsonl. Knows no TensorFlow."""

import re

_OF_FEATURES = re.compile(
    r"(?P<name>.+)_(classifier|random|pixels)_\d+_(train|test|validation|all)"
)


def of_features(name: str, features: str, samples: int, split: str) -> str:
    """The name of a figure of features: `frechet_distance_classifier_10000_train`.

    Figures of different features, numbers of samples or real images do not compare, so all of these
    stand in the name.

    Args:
        name: Of the figure.
        features: Name of the network that looked at the images.
        samples: Number of samples.
        split: Of the real images.
    """
    return f"{name}_{features}_{samples}_{split}"


def short_name(figure: str) -> str:
    """The first part of the name of a figure: `frechet_distance`; others are as they are."""
    found = _OF_FEATURES.fullmatch(figure)
    return found["name"] if found else figure
