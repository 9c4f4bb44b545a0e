"""Features and probabilities of the Inception network are those of torch-fidelity."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from gantool.features.inception import Inception
from gantool.features.torch_file import read_tensors


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """Their network with random weights, as it is built, and the file of these."""
    # Its package imports torchvision, which the network does not need.
    package = ModuleType("torch_fidelity")
    package.__path__ = [str(Path(sys.prefix, "torch-fidelity", "torch_fidelity"))]
    sys.modules["torch_fidelity"] = package
    module = importlib.import_module("torch_fidelity.feature_extractor_inceptionv3")

    class Unloaded(module.FeatureExtractorInceptionV3):
        def load_state_dict(self, *_arguments):
            """Keep the weights that it was built with."""

    folder = tmp_path_factory.mktemp("inception")
    torch.save({}, folder / "none.pth")
    torch.manual_seed(0)
    network = Unloaded("inception", ["2048", "logits_unbiased"], folder / "none.pth")
    for name, values in network.state_dict().items():
        if name.endswith(("running_mean", "bn.bias")):
            values.copy_(0.1 * torch.randn_like(values))
        elif name.endswith("bn.weight"):
            values.copy_(0.5 + torch.rand_like(values))
        elif name.endswith("running_var"):  # such that values neither grow nor fade on their way
            values.copy_(0.1 + 0.1 * torch.rand_like(values))
    path = folder / "weights.pth"
    torch.save(network.state_dict(), path, _use_new_zipfile_serialization=False)
    return network, path


@pytest.mark.parametrize("shape", [(5, 40, 33, 3), (2, 320, 299, 3), (3, 28, 28, 1)])
def test_features_and_probabilities_agree(theirs, shape):
    network, path = theirs
    images = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    coloured = torch.tensor(images).expand(*shape[:3], 3).permute(0, 3, 1, 2)
    features, logits = (each.numpy() for each in network(coloured))
    ours = Inception(read_tensors(path), "random")
    found = ours(images)
    scale = np.abs(features).max()
    assert features.std(axis=0).max() > 0.003 * scale  # images differ
    np.testing.assert_allclose(found / scale, features / scale, atol=2e-6)
    expected = torch.softmax(torch.tensor(logits, dtype=torch.float64), 1).numpy()
    assert expected.max() < 0.99
    np.testing.assert_allclose(ours.probabilities(found), expected, rtol=1e-3, atol=1e-6)
