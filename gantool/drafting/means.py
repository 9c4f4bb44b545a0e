"""What there is to train with."""

from typing import NamedTuple


class Means(NamedTuple):
    """The device that a recipe is drafted for.

    Attributes:
        device: Its name, such as `2 cores of AMD EPYC`.
        is_gpu: Whether it is a GPU.
        memory: Bytes that are free, of the GPU where it is one.
    """

    device: str
    is_gpu: bool
    memory: int

    @property
    def kind(self) -> str:
        """What it is, for a sentence."""
        return "a GPU" if self.is_gpu else "a processor"
