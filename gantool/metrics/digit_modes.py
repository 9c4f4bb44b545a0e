from collections.abc import Mapping
from typing import ClassVar

from gantool.evaluation.metric import Direction, Metric
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.labelled import digit_classifier
from gantool.recipe.types import Count, Every
from gantool.statistics.modes import mode_figures


class DigitModes(Metric):
    """Modes of `stacked-mnist` that samples find, of 1,000 (Lin et al. 2018, PacGAN, section 4.2).

    A classifier of MNIST, which is trained at the first figure on a machine and kept, tells the
    digit in each channel: `modes`, the different triples; `reverse_kl`, the divergence of the
    samples' distribution over them from the uniform one; `digit_accuracy`, the share of MNIST's
    test images that the classifier tells right.

    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples.
    """

    sources = ("stacked-mnist",)
    better: ClassVar[Mapping[str, Direction]] = {
        "modes": "higher",
        "reverse_kl": "lower",
    }

    def __init__(self, every: Every | None = None, samples: Count = 25_600) -> None:
        self.every = every
        self.samples = samples

    def __call__(self, samples: Samples, reals: Reals) -> Mapping[str, float]:
        images = samples.images
        classifier = digit_classifier(*images.shape[1:3])
        digits = [classifier.classes_of(images[..., [channel]]) for channel in range(3)]
        numbers = 100 * digits[0] + 10 * digits[1] + digits[2]
        return {**mode_figures(numbers, 1000), "digit_accuracy": round(classifier.accuracy, 4)}
