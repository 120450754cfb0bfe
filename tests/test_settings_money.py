"""The settings of models beyond the one that reviews: fallbacks, sizes, and what may be spent."""

from __future__ import annotations

import pytest

from app.domain.errors import SettingsInvalid
from app.domain.money import Caps
from app.settings import ModelSettings, Settings

MODEL = {"HOME": "/home/op", "OPENAI_API_KEY": "k"}
PRICES = {"REVWRIGHT_MODEL_PRICES": '{"gpt-5.4": {"input": 1, "output": 2}, "gpt-5.4-mini": {"input": 1, "output": 2}}'}


def model(environ: dict[str, str]) -> ModelSettings:
    found = Settings.from_environment(MODEL | environ).model
    assert found is not None
    return found


def test_without_a_word_there_are_no_fallbacks_and_usual_sizes() -> None:
    found = model({})

    assert (found.fallbacks, found.context_tokens, found.output_tokens) == ((), 128_000, 16_000)
    assert found.names == ("gpt-5.4-mini", "gpt-5.4")


def test_fallbacks_keep_their_order_and_count_once() -> None:
    found = model({"REVWRIGHT_MODEL_FALLBACKS": "vendor/b:7b, gpt-5.4,vendor/b:7b,c"})

    assert found.fallbacks == ("vendor/b:7b", "gpt-5.4", "c")
    assert found.names == ("gpt-5.4-mini", "gpt-5.4", "vendor/b:7b", "c")


def test_sizes_of_a_small_model() -> None:
    found = model({"REVWRIGHT_MODEL_CONTEXT_TOKENS": "8000", "REVWRIGHT_MODEL_OUTPUT_TOKENS": "4000"})

    assert (found.context_tokens, found.output_tokens) == (8_000, 4_000)


def test_caps_of_the_deployment() -> None:
    environ = MODEL | PRICES
    assert Settings.from_environment(environ).caps == Caps(None, None, None)
    settings = Settings.from_environment(
        environ
        | {
            "REVWRIGHT_USD_PER_PULL_REQUEST": "0.5",
            "REVWRIGHT_USD_PER_REPOSITORY_DAY": "0",
            "REVWRIGHT_USD_PER_INSTALLATION_DAY": "100",
        }
    )
    assert (settings.caps, settings.warnings) == (Caps(0.5, 0.0, 100.0), ())


def test_a_cap_that_holds_no_model_back_is_a_warning() -> None:
    environ = MODEL | PRICES | {"REVWRIGHT_MODEL_FALLBACKS": "b,c", "REVWRIGHT_USD_PER_REPOSITORY_DAY": "5"}

    (warning,) = Settings.from_environment(environ).warnings

    assert warning == (
        "REVWRIGHT_USD_PER_REPOSITORY_DAY: no cap holds back b, c: write the price of each into REVWRIGHT_MODEL_PRICES"
    )


def test_a_cap_without_any_model_is_no_warning() -> None:
    settings = Settings.from_environment({"HOME": "/home/op", "REVWRIGHT_USD_PER_REPOSITORY_DAY": "5"})

    assert (settings.model, settings.caps.repository_day, settings.warnings) == (None, 5.0, ())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REVWRIGHT_MODEL_FALLBACKS", "a,", "'' is not a model's name"),
        ("REVWRIGHT_MODEL_FALLBACKS", "a b", "'a b' is not a model's name"),
        ("REVWRIGHT_MODEL_CONTEXT_TOKENS", "7999", "'7999' is not a whole number from 8000 to 100000000"),
        ("REVWRIGHT_MODEL_CONTEXT_TOKENS", "128k", "is not a whole number"),
        ("REVWRIGHT_MODEL_OUTPUT_TOKENS", "0", "is not a whole number from 500"),
        (
            "REVWRIGHT_MODEL_OUTPUT_TOKENS",
            "64001",
            "64001 is more than half of REVWRIGHT_MODEL_CONTEXT_TOKENS (128000); write a smaller number",
        ),
        ("REVWRIGHT_USD_PER_PULL_REQUEST", "-1", "'-1' is not a number from 0 to 100000"),
        ("REVWRIGHT_USD_PER_REPOSITORY_DAY", "$5", "'$5' is not a number"),
        ("REVWRIGHT_USD_PER_INSTALLATION_DAY", "nan", "'nan' is not a number"),
        ("REVWRIGHT_USD_PER_DAY", "5", "no such setting; did you mean REVWRIGHT_USD_PER_REPOSITORY_DAY?"),
    ],
)
def test_problems(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment(MODEL | {name: value})
    text = str(caught.value)
    assert text.startswith(f"{name}: ")
    assert words in text
    assert "\n" not in text
