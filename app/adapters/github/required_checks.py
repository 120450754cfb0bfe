"""Which checks a branch requires, and of which App. Source: GitHub Docs, "Get a branch", "Get rules for a branch".

Neither needs the right to administrate: the first needs contents read, the second no permission beyond metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.tokens import Reach, Stage
from app.domain.errors import GitHubUnavailable
from app.domain.pull_request import RepositoryName
from app.ports import Place

_ANY = -1
"""GitHub's other way to say that any source will do."""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Classic(_Shape):
    context: str
    app_id: int | None = None


class _Required(_Shape):
    contexts: list[str] = Field(default_factory=list)
    checks: list[_Classic] = Field(default_factory=list)

    def sources(self) -> Iterator[tuple[str, int | None]]:
        """Older servers tell the names alone."""
        told = {one.context for one in self.checks}
        yield from ((one.context, one.app_id) for one in self.checks)
        yield from ((name, None) for name in self.contexts if name not in told)


class _Protection(_Shape):
    required_status_checks: _Required | None = None


class _Branch(_Shape):
    protection: _Protection | None = None


class _InRule(_Shape):
    context: str
    integration_id: int | None = None


class _Parameters(_Shape):
    required_status_checks: list[_InRule]


class _Rule(_Shape):
    parameters: _Parameters


class RequiredCheckReader:
    """Implements ports.RequiredChecks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def sources(self, place: Place, branch: str) -> Mapping[str, frozenset[int | None]]:
        return await required_checks(self._client, place.ref, place.repository, branch)


async def required_checks(
    client: Client, reach: Reach, repository: RepositoryName, branch: str
) -> dict[str, frozenset[int | None]]:
    """Of classic protection and of rulesets together: a merge has to meet both."""
    found: dict[str, set[int | None]] = {}
    path = f"/repos/{repository}/branches/{quote(branch, safe='')}"
    try:
        classic = _Branch.model_validate((await client.call(reach, Stage.GATHER, "GET", path)).json).protection
        if classic is not None and classic.required_status_checks is not None:
            for name, app_id in classic.required_status_checks.sources():
                found.setdefault(name, set()).add(_source(app_id))
        rules = f"/repos/{repository}/rules/branches/{quote(branch, safe='')}"
        async for page in client.pages(reach, Stage.GATHER, rules):
            for rule in filter(_requires_checks, page):
                for asked in _Rule.model_validate(rule).parameters.required_status_checks:
                    found.setdefault(asked.context, set()).add(_source(asked.integration_id))
    except ValidationError:
        raise GitHubUnavailable(f"the answer on what {branch} requires does not have the documented shape") from None
    return {name: frozenset(sources) for name, sources in found.items()}


def _requires_checks(rule: Any) -> bool:
    return isinstance(rule, dict) and rule.get("type") == "required_status_checks"


def _source(app_id: int | None) -> int | None:
    return None if app_id == _ANY else app_id
