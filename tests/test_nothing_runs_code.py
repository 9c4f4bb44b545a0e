"""What could run code that came with a file is called nowhere in gantool."""

from __future__ import annotations

import ast
from pathlib import Path

GANTOOL = Path(__file__).resolve().parents[1] / "gantool"

MODULES = {"marshal", "shelve", "dill", "cloudpickle", "joblib", "pickle", "_pickle", "runpy"}
CALLS = {"eval", "exec", "compile", "__import__", "import_module", "system", "popen"}
CALLS |= {"load_model", "model_from_json", "from_config", "deserialize", "load_weights"}
CALLS |= {"enable_unsafe_deserialization", "full_load", "unsafe_load", "unsafe_load_all"}
LOADERS = {"yaml", "pickle", "np", "numpy", "keras", "saved_model", "torch"}
"""Modules whose `load` can run code, or with a wrong argument may."""


def found_in(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {f"import {name.name}" for name in node.names if name.name in MODULES}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"import {node.module}"} if node.module in MODULES else set()
            found |= {f"import {name.name}" for name in node.names if name.name in CALLS}
        elif isinstance(node, ast.Name) and node.id in CALLS:
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            holder = ast.unparse(node.value).split(".")[-1]
            if node.attr in CALLS - {"compile"} or (node.attr == "load" and holder in LOADERS):
                found.add(f"{holder}.{node.attr}")
            is_loader = node.attr in ("Unpickler", "UnsafeLoader", "FullLoader", "Loader")
            if is_loader or (node.attr == "loads" and holder != "json"):
                found.add(f"{holder}.{node.attr}")
        elif isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "safe_mode"):
            found.add(f"{node.arg}=")
    return found


def test_what_is_looked_for_is_found():
    source = """
import marshal, pickle
from pickle import loads
from importlib import import_module
import numpy as np, yaml, keras, os
eval("1"); exec("1"); os.system("id"); yaml.load(x, yaml.UnsafeLoader); yaml.unsafe_load(x)
np.load(x, allow_pickle=True); keras.models.load_model(x, safe_mode=False)
keras.layers.deserialize(x); pickle.loads(x); import_module(x)
"""
    assert found_in(source) == {
        *("import marshal", "import pickle", "import import_module", "eval", "exec"),
        *("os.system", "yaml.load", "yaml.UnsafeLoader", "yaml.unsafe_load", "np.load"),
        *("allow_pickle=", "models.load_model", "safe_mode=", "layers.deserialize"),
        *("pickle.loads", "import_module"),
    }


def test_nothing_of_it_is_in_gantool():
    found = {
        (path.relative_to(GANTOOL).as_posix(), what)
        for path in GANTOOL.rglob("*.py")
        for what in found_in(path.read_text(encoding="utf-8"))
    }
    # Of what gantool has built itself, in this process or a file that it has just written.
    assert found == {
        ("export/keras_file.py", "models.load_model"),
        ("export/network.py", "type(layer).from_config"),
        ("export/saved_model.py", "saved_model.load"),
        ("export/weights_file.py", "model.load_weights"),
    }
