"""Networks that `gantool download` brings."""

from gantool.data.catalogue import NETWORKS, find
from gantool.data.download.verify import is_right
from gantool.errors import InputError
from gantool.features.inception import Inception
from gantool.features.torch_file import read_tensors


def downloaded_inception() -> Inception:
    """The Inception network, from where `gantool download inception` has put its weights.

    Raises:
        InputError: They are not there, or are not the published ones.
    """
    network = NETWORKS["inception"]
    folder = find(network)
    if folder is None:
        raise InputError(
            "features: the weights of inception are not here yet: `gantool download inception`"
        )
    [file] = network.files
    path = folder / file.name
    if not is_right(path, file):
        raise InputError(
            f"{path}: is damaged, or not the published file: remove it, then `gantool download"
            " inception`"
        )
    return Inception(read_tensors(path), file.sha256)
