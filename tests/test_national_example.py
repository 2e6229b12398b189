"""The example of the whole country runs, on the sample, and says that it is the sample."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "docs" / "national_placement.py"


@pytest.mark.skipif(not SCRIPT.is_file(), reason="not in a checkout")
def test_the_script_of_the_national_example(sample_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                            ) -> None:
    spec = importlib.util.spec_from_file_location("national_placement", SCRIPT)
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    plan = example.main([str(sample_store), str(tmp_path / "map.png"), "--sites", "5"])
    said = capsys.readouterr().out
    assert "SAMPLE DATA" in said and f"{plan.objective:,.0f} more within reach" in said
    assert plan.bound >= plan.objective > 0
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
