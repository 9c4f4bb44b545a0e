"""gantool: a YAML recipe in, a trained GAN out.

    import gantool

    model = gantool.load("runs/00000-quickstart")
    images = model.sample(seeds=range(8))

`load` loads a trained model, `train` trains a recipe, `resume` goes on with a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gantool import errors

if TYPE_CHECKING:
    from gantool.api.loading import load
    from gantool.api.training import resume, train
    from gantool.sampling.model import Model

__all__ = ["Model", "__version__", "errors", "load", "resume", "train"]
__version__ = "0.1.0"


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: the command line is to start without TensorFlow."""
    if name == "load":
        from gantool.api.loading import load

        return load
    if name in ("resume", "train"):
        from gantool.api import training

        return getattr(training, name)
    if name == "Model":
        from gantool.api.starting import start

        start()
        from gantool.sampling.model import Model

        return Model
    raise AttributeError(f"module 'gantool' has no attribute {name!r}")
