"""The words of `config`: the policy that holds for a pull request."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from app.domain.inert import cell_code, inline
from app.domain.policy import Policy

MOST_ROWS = 60


def policy_words(policy: Policy, problems: tuple[str, ...]) -> str:
    """Each value and where it comes from: the file of the base branch, or built in."""
    rows = [*_rows("", policy, Policy())]
    told = ["| key | value | from |", "| --- | --- | --- |", *rows[:MOST_ROWS]]
    wrong = [f"- {inline(problem, limit=300)}" for problem in problems[:10]]
    if wrong:
        told += ["", "The file is invalid, so that the built-in values hold:", "", *wrong]
    return "\n".join(told)


def _rows(prefix: str, value: object, default: object) -> list[str]:
    rows: list[str] = []
    for one in fields(value):  # type: ignore[arg-type]  # only ever called with dataclasses
        name, here, built_in = f"{prefix}{one.name.rstrip('_')}", getattr(value, one.name), getattr(default, one.name)
        if is_dataclass(here):
            rows += _rows(f"{name}.", here, built_in)
            continue
        source = "built-in" if here == built_in else "base branch"
        rows.append(f"| `{name}` | {cell_code(_shown(here), limit=200)} | {source} |")
    return rows


def _shown(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(str(item) for item in value)) or "none"
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value) or "none"
    return str(value)
