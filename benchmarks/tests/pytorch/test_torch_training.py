"""The script that trains in PyTorch reads MNIST, stops at its times and keeps averages' samples."""

from __future__ import annotations

import sys
import time

import numpy as np
import torch

from ...peers import torch_training
from ...peers.settings import SETTINGS


def test_batches_are_the_set_in_its_range_once_an_epoch(mnist, repository):
    setting = SETTINGS["quickstart"]
    images, labels = torch_training.read_mnist(repository / "data" / "mnist")
    np.testing.assert_array_equal(images[:, 0].numpy(), mnist("train-images"))
    np.testing.assert_array_equal(labels.numpy(), mnist("train-labels"))
    few = images[:130], torch.arange(130)
    batches = torch_training.batches_of(*few, setting, torch.channels_last)
    epoch = [next(batches) for _ in range(2)]
    numbers = torch.cat([labels for _, labels in epoch])
    assert len(set(numbers.tolist())) == 2 * setting.batch
    expected = images[numbers].numpy() / 127.5 - 1.0
    np.testing.assert_allclose(torch.cat([it for it, _ in epoch]).numpy(), expected, atol=1e-6)


def test_samples_are_those_of_the_average_after_each_time(tmp_path, monkeypatch, repository):
    monkeypatch.setattr(torch_training, "SAMPLES", 20)
    folder = repository / "data" / "mnist"
    command = ["it", "quickstart", folder, tmp_path / "mine", "--seconds", 2, 4]
    monkeypatch.setattr(sys, "argv", [*map(str, command), "--begun", str(time.time())])
    torch_training.main()
    early, late = (np.load(tmp_path / f"mine-{seconds}.npz") for seconds in (2, 4))
    assert 0 < early["step"] < late["step"]
    assert late["images"].shape == (20, 28, 28, 1)
    assert late["images"].dtype == np.uint8
    assert (early["images"] != late["images"]).any()
