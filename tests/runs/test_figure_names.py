"""The names of figures, which tell what they depend on."""

from gantool.runs.figure_names import of_features, short_name


def test_a_name_has_features_number_and_split() -> None:
    name = of_features("frechet_distance", "classifier", 10_000, "train")
    assert name == "frechet_distance_classifier_10000_train"
    assert short_name(name) == "frechet_distance"
    assert short_name("kernel_distance_deviation_random_50_all") == "kernel_distance_deviation"


def test_other_figures_are_called_as_they_are() -> None:
    for name in ("diversity", "high_quality", "recall_random_train", "random_5_test"):
        assert short_name(name) == name
