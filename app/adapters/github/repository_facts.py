"""What an operator wants to know of one repository. Source: GitHub Docs, "Get a repository installation for the
authenticated app", "Get a repository", "Get repository content".
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.tokens import NamedRepository, Stage
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.pull_request import PullRequestRef, RepositoryName
from app.ports import Place

_NOT_FOUND = 404


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Installation(_Shape):
    id: int
    permissions: dict[str, str]


class _Repository(_Shape):
    id: int
    default_branch: str


class _File(_Shape):
    content: str


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """`place` has the number 0. `permissions`: what the installation was given, by GitHub's names."""

    place: Place
    default_branch: str
    permissions: dict[str, str]


async def repository_facts(client: Client, name: RepositoryName) -> RepositoryFacts | None:
    """None where the App is not installed on the repository, or there is none of that name."""
    try:
        installation = _Installation.model_validate(await client.as_app(f"/repos/{name}/installation"))
        reach = NamedRepository(installation.id, name.name)
        told = (await client.call(reach, Stage.GATHER, "GET", f"/repos/{name}")).json
        repository = _Repository.model_validate(told)
    except ValidationError:
        raise GitHubUnavailable(f"the answers on {name} do not have the documented shape") from None
    except GitHubRefused as error:
        if error.status != _NOT_FOUND:
            raise
        return None
    place = Place(PullRequestRef(installation.id, repository.id, 0), name)
    return RepositoryFacts(place, repository.default_branch, installation.permissions)


async def file_text(client: Client, place: Place, path: str) -> str:
    """A file of the default branch, empty where there is none, or none that the contents API shows."""
    try:
        reply = await client.call(place.ref, Stage.GATHER, "GET", f"/repos/{place.repository}/contents/{quote(path)}")
        return base64.b64decode(_File.model_validate(reply.json).content).decode("utf-8", "replace")
    except GitHubRefused as error:
        if error.status != _NOT_FOUND:
            raise
        return ""
    except (ValidationError, binascii.Error):
        return ""
