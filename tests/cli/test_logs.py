"""Logs never carry a secret, and the way that saves time finds as much as the way that takes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.logs import configure, redacted
from app.domain.static_checks import redact_secrets
from app.domain.static_checks.secret_kinds import SECRET_KINDS

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"

# Whole secrets of the kinds that have no literal beginning, and the pieces that all kinds are made of.
PIECES = st.sampled_from(
    [
        *(literal for kind in SECRET_KINDS for literal in kind.starts),
        *("password", "PASSPHRASE", "api_key", "Token", "SECRET=", "API_KEY=", " = ", ": ", "=>", "'", '"', "@", "]"),
        *("password='x8Kq2mZ7'", 'auth-token: "q8Zk2Lm9Xv4Bn7Rt1Wp5"', "TOKEN=q8Zk2Lm9Xv4Bn7Rt1Wp5", TOKEN),
        *("q8Zk2Lm9Xv4Bn7Rt1Wp5", "AKIAQ8ZK2LM9XV4BN7RT", "https://a:q8Zk2Lm9Xv@host", "\n", " ", "delivery queued"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=8).map("".join)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@given(TEXTS)
def test_the_short_way_gives_what_the_long_way_gives(text: str) -> None:
    assert redacted(text) == redact_secrets(text)


@pytest.mark.parametrize(
    "secret",
    ["password='x8Kq2mZ7'", 'auth-token: "q8Zk2Lm9Xv4Bn7Rt1Wp5"', "TOKEN=q8Zk2Lm9Xv4Bn7Rt1Wp5", TOKEN],
)
def test_the_pieces_of_the_search_hold_real_secrets(secret: str) -> None:
    assert "[secret: " in redacted(f"before {secret}")


def test_every_kind_without_a_literal_beginning_needs_one_of_three_characters() -> None:
    """What the short way rests on: each of these patterns asks for a quote or an equals sign in so many words."""
    for kind in SECRET_KINDS:
        if not kind.starts:
            assert "(?P<quote>[\"'])" in kind.pattern.pattern or ")=(?P<value>" in kind.pattern.pattern, kind.name


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_line_and_its_traceback_are_redacted(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(log_format)
    logging.getLogger("somebody").error("GitHub said %s", TOKEN, exc_info=ValueError(f"refused: {TOKEN}"))

    line = capsys.readouterr().err
    assert TOKEN not in line
    assert line.count("[secret: github token]") >= 2


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    logging.getLogger("app").info("delivery %s\nqueued", "d-1")

    event = json.loads(capsys.readouterr().err)
    assert (event["level"], event["logger"], event["message"]) == ("info", "app", "delivery d-1\nqueued")
    assert "traceback" not in event
