"""Which network looks at images."""

from collections.abc import Callable
from pathlib import Path

from gantool.data.loading import Images
from gantool.errors import InputError
from gantool.features.downloaded import downloaded_inception
from gantool.features.labelled import classifier_of
from gantool.features.network import FeatureName, FeatureNetwork
from gantool.features.pixels import Pixels
from gantool.features.random import RandomNetwork


def network_for(
    name: FeatureName | None,
    images: Images,
    folder: Path | None,
    say: Callable[[str], None] = lambda _: None,
) -> FeatureNetwork:
    """The network of a name; None for what suits the images: their classes, else no training.

    Args:
        name: Of the network.
        images: That it is to look at.
        folder: That relative paths of their section start from.
        say: Is told what takes minutes.

    Raises:
        InputError: There is none of this name for such images; tells what there is.
    """
    data = images.data
    if data.size is None and name in (None, "pixels"):
        return Pixels()
    if data.size is None:
        raise InputError(f"features: {name} looks at images, and these are points: use pixels")
    if name == "pixels":
        return Pixels()
    if name == "inception":
        if data.channels not in (1, 3):
            raise InputError(
                f"features: inception looks at images of 1 or 3 channels, and these have"
                f" {data.channels}: use random"
            )
        return downloaded_inception()
    if name == "random":
        return RandomNetwork(data.channels)
    try:
        return classifier_of(data, folder, say=say)
    except InputError as error:
        if name is None:
            return RandomNetwork(data.channels)
        raise InputError(
            f"features: classifier is trained by labels: {error}; use random, which needs none"
        ) from error
