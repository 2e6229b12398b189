"""What is shown when a study fails: a card whose id stands in the log, and no more of the fault than that."""

from __future__ import annotations

import logging
import re

import pytest

from dashboards import problems
from jitasa_analytics import texts
from jitasa_analytics.errors import NoDataError


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_a_fault_shows_an_id_that_is_in_the_log(lang: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="jitasa.dashboard")
    card = problems.notice(ZeroDivisionError("inside of the machine"), lang)
    found = re.search(r"\d{6}-[0-9a-f]{4}", card.object)
    assert found and card.severity == "error"
    said = [r for r in caplog.records if found[0] in r.getMessage()]
    # The log has the whole fault; the visitor is not shown it.
    assert len(said) == 1 and said[0].exc_info and "inside of the machine" in caplog.text
    assert "inside of the machine" not in card.object


def test_missing_data_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="jitasa.dashboard")
    card = problems.notice(NoDataError("no doses"), "en")
    assert card.severity == "info" and not re.search(r"\d{6}-[0-9a-f]{4}", card.object)
