"""Which language models are asked, where, and what they cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NoReturn, cast

from app.domain.prices import Price
from app.settings.environment import Environment
from app.settings.secret import Secret
from app.settings.values import api_key, model_name, model_names, model_url, nearness, one_of, whole

ModelApi = Literal["responses", "chat", "auto"]

_BASE_URL = "OPENAI_BASE_URL"
_CONTEXT = "REVWRIGHT_MODEL_CONTEXT_TOKENS"
_OUTPUT = "REVWRIGHT_MODEL_OUTPUT_TOKENS"
_MAX_USD = 1_000_000
_EXAMPLE = 'write {"model": {"input": 1.25, "cached": 0.125, "output": 10}}, in USD per million tokens'


@dataclass(frozen=True, slots=True)
class ModelSettings:
    api: ModelApi
    api_key: Secret
    """Empty for a server that wants none."""
    base_url: str | None
    """None: OpenAI's own."""
    fast: str
    main: str
    deep: str
    prices: Mapping[str, Price] = field(default_factory=lambda: MappingProxyType({}))
    fallbacks: tuple[str, ...] = ()
    """Asked in this order when the model of a tier does not answer."""
    context_tokens: int = 128_000
    """Of one call: its input and its output."""
    output_tokens: int = 16_000
    """Of one answer at most."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every model that may be asked, once."""
        return tuple(dict.fromkeys((self.fast, self.main, self.deep, *self.fallbacks)))


def read_model(env: Environment) -> ModelSettings | None:
    """None without an endpoint: then only the static rules run."""
    parse_api: Callable[[str], ModelApi] = one_of("responses", "chat", "auto")
    api = env.read("REVWRIGHT_MODEL_API", parse_api)
    key = env.read("OPENAI_API_KEY", api_key)
    base_url = env.read(_BASE_URL, model_url)
    names = [env.read(f"REVWRIGHT_MODEL_{tier}", model_name) for tier in ("FAST", "MAIN", "DEEP")]
    fallbacks = env.read("REVWRIGHT_MODEL_FALLBACKS", model_names) or ()
    found = env.read("REVWRIGHT_MODEL_PRICES", prices) or MappingProxyType({})
    context, output = _tokens(env)
    if base_url is not None and base_url.startswith("http:") and nearness(base_url) == "private":
        env.warnings.append(
            f"{_BASE_URL}: plain http: the code under review and the key cross your network in the clear"
        )
    if (key is None and base_url is None) or api is None or None in names:
        return None
    fast, main, deep = cast("list[str]", names)
    return ModelSettings(
        api,
        Secret(key or ""),
        base_url,
        fast,
        main,
        deep,
        found,
        fallbacks,
        context_tokens=context,
        output_tokens=output,
    )


def _tokens(env: Environment) -> tuple[int, int]:
    """What fits into a call, and into its answer."""
    context = env.read(_CONTEXT, whole(8_000, 100_000_000))
    output = env.read(_OUTPUT, whole(500, 10_000_000))
    if context is None or output is None:
        return 0, 0
    if output > context // 2:
        env.problems.append(f"{_OUTPUT}: {output} is more than half of {_CONTEXT} ({context}); write a smaller number")
    return context, output


def prices(text: str) -> Mapping[str, Price]:
    """The price list, given as JSON or as the path of a file that holds it."""
    if not text.startswith("{"):
        try:
            text = Path(text).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"this is neither JSON nor a file that can be read; {_EXAMPLE}") from None
    try:
        listed = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError(f"this is not valid JSON; {_EXAMPLE}") from None
    if not isinstance(listed, dict):
        raise ValueError(f"this is not a JSON object; {_EXAMPLE}")
    return MappingProxyType({model: _price(model, entry) for model, entry in listed.items()})


def _price(model: str, entry: object) -> Price:
    """A list without a price for cached input charges it like fresh input, never less than it costs."""
    if not isinstance(entry, dict) or not {"input", "output"} <= entry.keys() <= {"input", "cached", "output"}:
        raise ValueError(f"the entry of {model!r} needs the numbers input, cached and output; {_EXAMPLE}")
    numbers = {str(name): _number(model, str(name), value) for name, value in entry.items()}
    return Price(numbers["input"], numbers.get("cached", numbers["input"]), numbers["output"])


def _number(model: str, name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_USD:
        raise ValueError(f"{name!r} of {model!r} is not a number from 0 up; {_EXAMPLE}")
    return float(value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
