"""The notebook in docs/, executed as it stands."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient


@pytest.mark.slow
def test_the_notebook_runs(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANTOOL_DATA", str(repository / "data"))
    notebook = nbformat.read(repository / "docs" / "python.ipynb", as_version=4)
    kept = [kinds(cell) for cell in notebook.cells]
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    assert [kinds(cell) for cell in notebook.cells] == kept
    assert (tmp_path / "runs" / "notebook" / "report.html").exists()


def kinds(cell: nbformat.NotebookNode) -> list[str]:
    """What a cell shows, by kind; what TensorFlow writes to stderr at its start is left out."""
    shown = [out for out in cell.get("outputs", ()) if out.get("name") != "stderr"]
    return sorted(kind for out in shown for kind in out.get("data", [out.get("name")]))
