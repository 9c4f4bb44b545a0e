"""What an optimizer keeps for each weight, known before there are weights."""

import math

import keras
import numpy as np

from gantool.networks.components import make
from gantool.recipe.parts import Part

_SIDE = 64


def slots_of(part: Part) -> int:
    """How many numbers an optimizer keeps for each number of a matrix of weights, at least.

    Two for Adam, none for plain SGD. What it keeps a row or a column is not counted.

    Raises:
        ValueError, TypeError: Keras refuses a value of the optimizer.
    """
    optimizer = make(part)
    without = {id(variable) for variable in optimizer.variables}
    optimizer.build([keras.Variable(np.zeros((_SIDE, _SIDE), np.float32), name="kernel")])
    kept = (variable for variable in optimizer.variables if id(variable) not in without)
    return int(sum(math.prod(variable.shape) for variable in kept)) // _SIDE**2
