"""The names of figures in rows of metrics.jsonl. Knows no TensorFlow."""

import re

_OF_FEATURES = re.compile(
    r"(?P<name>.+)_(classifier|random|pixels|inception)_\d+_(train|test|validation|all)"
)
_OF_PAPERS = {
    "frechet_distance": "fid",
    "kernel_distance": "kid",
    "kernel_distance_deviation": "kid_deviation",
    "classifier_score": "inception_score",
    "classifier_score_deviation": "inception_score_deviation",
}
"""What figures are called whose features are those of the Inception network, and of no other."""


def of_features(name: str, features: str, samples: int, split: str) -> str:
    """The name of a figure of features: `frechet_distance_classifier_10000_train`.

    Figures of different features, numbers of samples or real images do not compare, so all of these
    stand in the name. Those of the Inception network have the names that papers give them, FID, KID
    and Inception score, which no others have.

    Args:
        name: Of the figure.
        features: Name of the network that looked at the images.
        samples: Number of samples.
        split: Of the real images.
    """
    if features == "inception":
        name = _OF_PAPERS.get(name, name)
    return f"{name}_{features}_{samples}_{split}"


def short_name(figure: str) -> str:
    """The name by which a metric knows a figure, `frechet_distance`; others are as they are."""
    found = _OF_FEATURES.fullmatch(figure)
    own = {of_papers: name for name, of_papers in _OF_PAPERS.items()}
    return own.get(found["name"], found["name"]) if found else figure
