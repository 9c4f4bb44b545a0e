"""Pictures to measure with, where those of a set are not to be read."""

import numpy as np

from gantool.data.loading import Images, unprepared
from gantool.engine.plan import Plan


def blank_images(plan: Plan) -> Images:
    """As many black pictures as the plan's source has, in the memory of one.

    What networks compute takes as long for them as for any; that they are read is left out.
    """
    assert plan.source is not None
    images = unprepared(plan.source, plan.recipe.data)
    blank = np.zeros(images.example.shape, images.example.dtype)
    images.pixels = np.broadcast_to(blank, (len(images), *blank.shape))
    return images
