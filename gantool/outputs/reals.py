"""Real images beside the samples."""

from collections.abc import Sequence

import numpy as np

from gantool.data.loading import Images
from gantool.recipe.randomness import key
from gantool.sampling.grid import Cell


def real_images(images: Images, cells: Sequence[Cell], classes: int, seed: int) -> list[np.ndarray]:
    """A real image, uint8 [H, W, C], for each cell: of the cell's class where there are classes.

    Args:
        images: To choose from, in an order of the seed's.
        cells: Of a grid of samples.
        classes: Number of labels; 0 without labels.
        seed: The recipe's.
    """
    order = np.random.default_rng(key(seed, "reals")).permutation(len(images))
    if not classes:
        return list(images.read(np.resize(order, len(cells))))
    queues = [order[images.labels[order] == label] for label in range(classes)]
    turns = [0] * classes
    shown = []
    for cell in cells:
        label = cell.seed % classes if cell.label is None else cell.label
        queue = queues[label]
        if len(queue):
            shown.append(images.read(queue[[turns[label] % len(queue)]])[0])
        else:  # labels may leave a number out
            shown.append(np.zeros(images.example.shape, images.example.dtype))
        turns[label] += 1
    return shown
