from __future__ import annotations

import pytest

from gantool.networks.devices import Device, compilation_problems, stating_compilation

PROCESSOR = Device("2 cores of AMD EPYC", False, "float32", "the processor has no bfloat16")
GPU = Device("NVIDIA H100", True, "mixed_bfloat16", "the GPU has compute capability 9.0")

TURNED = "{RandomRotation: {factor: 0.1}}"
WRAPPED = f"{{Residual: {{body: [{{Pipeline: {{layers: [{TURNED}]}}}}]}}}}"


def loaded_with(load_tiny, layer, jit_compile):
    return load_tiny(f"discriminator.layers.0={layer}", f"train.jit_compile={jit_compile}")


@pytest.mark.parametrize("layer", [TURNED, WRAPPED], ids=["alone", "inside others"])
def test_auto_leaves_a_recipe_uncompiled_whose_layers_xla_has_not(load_tiny, layer):
    loaded = loaded_with(load_tiny, layer, "auto")
    assert stating_compilation(loaded, GPU).recipe.train.jit_compile is False
    assert stating_compilation(loaded, PROCESSOR).recipe.train.jit_compile == "auto"
    others = loaded_with(load_tiny, "ReLU", "auto")
    assert stating_compilation(others, GPU).recipe.train.jit_compile == "auto"


def test_such_a_layer_is_a_problem_where_the_recipe_wants_xla(load_tiny):
    loaded = stating_compilation(loaded_with(load_tiny, TURNED, "true"), PROCESSOR)
    [problem] = compilation_problems(loaded, PROCESSOR, 1)
    assert problem.path == ("discriminator", "layers", 0)
    assert problem.message == (
        "RandomRotation cannot be compiled by XLA: set train.jit_compile to false, or remove the"
        " RandomRotation"
    )
    assert list(compilation_problems(loaded, PROCESSOR, 2)) == []  # several replicas: without XLA


@pytest.mark.parametrize(("layer", "jit_compile"), [(TURNED, "false"), ("ReLU", "true")])
def test_other_recipes_have_no_problem(load_tiny, layer, jit_compile):
    loaded = loaded_with(load_tiny, layer, jit_compile)
    assert list(compilation_problems(loaded, GPU, 1)) == []
