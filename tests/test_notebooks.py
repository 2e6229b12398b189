"""Every notebook runs from top to bottom, and its two forms say the same."""

from __future__ import annotations

import os
from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))

pytestmark = [
    pytest.mark.skipif(not NOTEBOOKS, reason="not in a checkout"),
    # Widgets' communication with the kernel is opened and closed by the libraries.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning",
                               "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_two_forms_of_a_notebook_agree(path: Path) -> None:
    text, paired = jupytext.read(path), nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    assert [(c.cell_type, c.source) for c in text.cells] == [(c.cell_type, c.source) for c in paired.cells]
    assert all(not c.get("outputs") for c in paired.cells), "commit notebooks without outputs"


def run(path: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    """Execute a notebook on a store; a cell that fails fails the test."""
    monkeypatch.setenv("JITASA_STORE", str(store))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(ROOT / "notebooks")}})
    return client.execute()


def outputs(notebook: nbformat.NotebookNode) -> str:
    """All that the cells printed or showed as text."""
    found = [o.get("text", "") or str(o.get("data", {}).get("text/plain", ""))
             for c in notebook.cells for o in c.get("outputs", [])]
    return "\n".join(found)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_on_the_sample(path: Path, sample_store: Path, tmp_path: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    said = outputs(run(path, sample_store, tmp_path, monkeypatch))
    assert "SAMPLE DATA" in said
    assert "Within 15 minutes of a vaccination point: 85.3% of the people today, 90.8% with the plan." in said
    assert os.environ["JITASA_STORE"] == str(sample_store)
