"""A process of its own that tries how much memory training takes with a batch.

    python -m gantool.cli.trial

It is asked and answers in lines of JSON. First a recipe and the bytes that it may take, then one
batch after the other, ever larger ones: each is trained with for a few steps.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantool.cli.loading import images_of, load_recipe, plan_of
from gantool.errors import DivergedError, GantoolError, InputError
from gantool.memory import free_gpu_memory, memory_status, peak_memory

if TYPE_CHECKING:
    from gantool.data.loading import Images
    from gantool.recipe.load import LoadedRecipe

_STEPS = 3


def main() -> None:
    """Answer until nobody asks any more."""
    # If memory runs out in spite of all, then it is this process that Linux ends.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    try:
        _serve(json.loads(sys.stdin.readline()))
    except GantoolError as error:
        _answer(error=str(error), is_input=isinstance(error, InputError))


def _serve(request: dict[str, Any]) -> None:
    # The smallest of batches: the recipe's own may be larger than the set.
    images = images_of(plan_of(_with_batch(request, request["least"])))
    import tensorflow as tf

    from gantool.kernels.gpu import has_gpu
    from gantool.measuring.report import peak_gpu_memory

    on_gpu = has_gpu()
    _answer(
        images=len(images),
        at_rest=0 if on_gpu else memory_status("VmRSS"),
        gpu_free=free_gpu_memory() if on_gpu else None,
    )
    _refuse_more_than(request["most"])
    for line in sys.stdin:
        try:
            _train(_with_batch(request, json.loads(line)), images)
        except (MemoryError, tf.errors.ResourceExhaustedError):
            return
        _answer(peak=peak_gpu_memory() if on_gpu else peak_memory())


def _with_batch(request: dict[str, Any], batch: int) -> LoadedRecipe:
    from gantool.recipe.load import RecipeText

    source = RecipeText(request["text"], request["name"], Path(request["folder"]))
    return load_recipe(source, (*request["settings"], f"train.batch_size={batch}"), None, None)


def _train(loaded: LoadedRecipe, images: Images) -> None:
    from gantool.engine.plan import make_plan
    from gantool.measuring.running import Running

    try:
        plan = make_plan(loaded)
    except InputError as error:  # with a batch of 1 there was none: it is the sum of this one
        raise MemoryError(str(error)) from error
    running = Running(plan, images)
    with suppress(DivergedError):  # its memory is what another learning rate takes, too
        running.run(1)
        running.run(_STEPS - 1)


def _refuse_more_than(size: int) -> None:
    """Have Linux refuse memory beyond a size, rather than find some by ending a process.

    Its limit counts what has been asked for, not what is used: that much comes on top.
    """
    unused = max(0, memory_status("VmData") - memory_status("RssAnon"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = size + unused
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _answer(**words: Any) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main()
