"""Logs are JSON, a line for each event, and what strangers cause does not fill them."""

import json
import logging

import pytest
import structlog

from app.logs import Sparingly, configure_logging

pytestmark = pytest.mark.usefixtures("logging_as_before")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(each) for each in capsys.readouterr().err.splitlines()]


def test_every_line_is_an_object_with_its_context_and_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    counted: list[tuple[str, str]] = []
    configure_logging("info", lambda event, level: counted.append((event, level)))
    logger = structlog.get_logger("ours")
    logger.debug("not_shown")
    logger.info("shown", delivery_id=7)
    with structlog.contextvars.bound_contextvars(application_id="a"):
        try:
            json.loads("no JSON")
        except ValueError:
            logger.exception("failed")
    logger.warning("doubtful")
    logging.getLogger("theirs").error("Theirs: %s", 1)
    shown, failed, _, theirs = lines(capsys)
    assert (shown["event"], shown["delivery_id"], shown["level"]) == ("shown", 7, "info")
    assert (failed["application_id"], failed["level"]) == ("a", "error")
    assert "JSONDecodeError" in str(failed["exception"])
    assert theirs["event"] == "Theirs: 1"
    assert counted == [("failed", "error"), ("doubtful", "warning")], "what others log is no name to count by"


def test_of_each_kind_one_is_logged_in_a_while_and_the_others_are_counted() -> None:
    now = 0.0
    sparingly = Sparingly(every=1, monotonic=lambda: now)
    assert [sparingly.untold("a"), sparingly.untold("a"), sparingly.untold("b"), sparingly.untold("a")] == [
        *(0, None, 0, None),
    ]
    now = 1.0
    assert [sparingly.untold("a"), sparingly.untold("b")] == [2, 0]
