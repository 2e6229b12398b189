"""`make audit` never calls unchecked packages clean."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def script() -> Any:
    spec = importlib.util.spec_from_file_location("audit_script", ROOT / "scripts" / "audit.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("body", "code", "word"), [
    ("print('No known vulnerabilities found')", 0, "No known hole"),
    ("print('tornado 6.0 PYSEC-2023-75 6.3.2'); sys.exit(1)", 1, "PYSEC-2023-75"),
    ("sys.stderr.write('requests.exceptions.ConnectionError: Max retries exceeded'); sys.exit(1)", 2, "NOT CHECKED"),
    ("sys.stderr.write('ERROR: access: Dependency not found on PyPI and could not be audited'); sys.exit(1)", 2,
     "NOT CHECKED"),
    ("sys.exit(1) if sys.argv[-5] == 'pypi' and sys.stderr.write('ServiceError') else print('none')", 0, "osv"),
    ("assert '--strict' in sys.argv and '--require-hashes' in sys.argv", 0, "No known hole")])
def test_clean_holed_and_unknown_are_three_things(script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                  body: str, code: int, word: str) -> None:
    fake = tmp_path / "pip_audit.py"
    fake.write_text(f"import sys\n{body}\n")
    assert script.main([sys.executable, str(fake)]) == code
    assert word in capsys.readouterr().out
