"""Every notebook runs from top to bottom, and its two forms say the same.

One runs in a kernel of its own, as a person runs it; the others run cell by cell in this process,
where the libraries are loaded already.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
from pathlib import Path
from typing import Any

import jupytext
import nbclient
import nbformat
import pytest

from jitasa_analytics.errors import NoDataError

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


# What each notebook decides on the sample.
DECISIONS = {
    "01_first_look_at_chonburi":
        "Within 15 minutes of a vaccination point: 85.3% of the people today, 90.8% with the plan.",
    "02_volunteers_against_need": "First: Mueang Chon Buri, which lacks 37 volunteers",
    "03_coverage_gaps": "10 tambons hold half of the 232,619 people beyond 15 minutes; 26,490 of them",
    "04_hot_spots": "No hot spot: 7 areas pass p <= 0.05, and about 4.6 would by chance.",
    "05_reopening": "73 provinces are late; 1 of them by at most 30 days",
    "06_bring_your_own_excel": "2 of 5 rows needed a correction; 5 are in the store now.",
    "07_your_own_study": "Call Si Racha first: 44 requests have waited longer than 3 days there.",
    "10_five_mobile_units": "Decision: 5 units, 12,000 people; with enough room it would be 88,192.",
    "11_what_fairness_costs": "Decision: lifting the least-served district from 25% to 47% costs 35,776 of 84,539",
    "12_the_whole_country": "40 sites reach 145,336 more people within 10 km; no plan reaches more than 145,336",
}


def test_every_notebook_ends_in_a_decision() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(DECISIONS)


def test_a_notebook_runs_in_a_kernel(sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = outputs(run(NOTEBOOKS[0], sample_store, tmp_path, monkeypatch))
    assert "SAMPLE DATA" in said
    assert DECISIONS[NOTEBOOKS[0].stem] in said


def play(path: Path) -> str:
    """Execute the cells one after another and show what each ends in, as a notebook does; all that was said."""
    space: dict[str, object] = {"__name__": "__main__"}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for cell in jupytext.read(path).cells:
            if cell.cell_type != "code":
                continue
            tree = ast.parse(cell.source)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, path.name, "exec"), space)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), path.name, "eval"), space)
                shown = getattr(value, "_repr_html_", None)
                assert shown is None or len(shown()) > 20
                print(value)
    return said.getvalue()


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda p: p.stem)
def test_a_notebook_runs_on_the_sample(path: Path, sample_store: Path, tmp_path: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_STORE", str(sample_store))
    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = play(path)
    assert "SAMPLE DATA" in said
    assert DECISIONS[path.stem] in said


# What each decides on the published Thai data, of which docs/real_data_check.md tells; these hold no volunteers.
REAL = {
    "01_first_look_at_chonburi": r"Within 15 minutes of a vaccination point: 84\.0% of the people today, 92\.2% with",
    "03_coverage_gaps": r"8 tambons hold half of the 253,752 people beyond 15 minutes; 17,547 of them are beyond 30",
    "04_hot_spots": r"No hot spot: 0 areas pass p <= 0.05, and about 4\.6 would by chance",
    "05_reopening": r"67 provinces are late; 22 of them by at most 30 days",
    "06_bring_your_own_excel": r"2 of 5 rows needed a correction; 5 are in the store now",
    "07_your_own_study": r"Call nobody: no request has waited longer than 3 days",
    "10_five_mobile_units": r"Decision: 5 units, 9,000 people; with enough room it would be 80,026",
    "11_what_fairness_costs": r"Decision: lifting the least-served district from 15% to 53% costs 153,354 of 205,901",
    "12_the_whole_country": r"Decision: 100 sites reach 3,62\d,\d{3} more people within 10 km; no plan reaches more",
}


@pytest.mark.real
@pytest.mark.xdist_group("real")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_on_real_data(path: Path, real_reports: dict[str, dict[str, Any]], tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_STORE", str(real_reports["store"]["path"]))
    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if path.stem not in REAL:
        with pytest.raises(NoDataError, match=r"needs the dataset volunteers.*import it with"):
            play(path)
        return
    said = play(path)
    assert "SAMPLE DATA" not in said and "real data" in said
    assert re.search(REAL[path.stem], said), said[-500:]
