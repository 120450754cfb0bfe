"""One request and its reply, as the operations see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar
from urllib.parse import urlencode

from tests.fakes.github.auth import AppCaller, InstallationCaller, UserCaller
from tests.fakes.github.errors import GitHubError, not_found

if TYPE_CHECKING:
    from tests.fakes.github.auth import Actor, Caller
    from tests.fakes.github.openapi import Operation
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import App, User
    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub

PER_PAGE: Final = 30
MAX_PER_PAGE: Final = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; a body of bytes is sent as it is, anything else as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that is well formed, authenticated, and allowed."""

    fake: FakeGitHub
    operation: Operation
    caller: Caller
    path: str
    query: Mapping[str, str]
    body: Any  # an object for nearly every operation, and checked against the description before it gets here
    accept: str
    found: Repository | None

    @property
    def repository(self) -> Repository:
        """The repository in the path."""
        if self.found is None:
            raise not_found()
        return self.found

    @property
    def actor(self) -> Actor:
        """The installation or person that calls."""
        match self.caller:
            case InstallationCaller() | UserCaller():
                return self.caller
            case AppCaller():
                raise not_found()

    @property
    def user(self) -> User:
        """The account that GitHub shows as the author."""
        return self.actor.user

    @property
    def app(self) -> App | None:
        """The App that acts, unless a person does."""
        return self.caller.token.installation.app if isinstance(self.caller, InstallationCaller) else None

    @property
    def pull(self) -> PullRequest:
        """The pull request in the path."""
        number = self.number("pull_number" if "pull_number" in self.operation.path_parameters else "issue_number")
        pull = self.repository.pulls.get(number)
        if pull is None:
            raise not_found()
        return pull

    def text(self, name: str) -> str:
        """A text in the path."""
        return self.operation.path_parameters[name]

    def number(self, name: str) -> int:
        """A number in the path."""
        return int(self.text(name))

    def commit(self, name: str) -> str:
        """The commit that a name in the path means; GitHub answers 422 for one it does not know."""
        sha = resolve_commit(self.repository, self.text(name))
        if sha is None:
            raise GitHubError(422, f"No commit found for SHA: {self.text(name)}")
        return sha

    def flag(self, name: str) -> str | None:
        """A text in the query."""
        return self.query.get(name)

    def page(
        self,
        items: Sequence[T],
        render: Callable[[T], Any],
        *,
        wrap: str | None = None,
        cap: int | None = None,
    ) -> Reply:
        """One page of a list with links to the others; ``wrap`` puts it in an object with a total."""
        shown = items if cap is None else items[:cap]
        size = min(max(int(self.query.get("per_page", PER_PAGE)), 1), MAX_PER_PAGE)
        number = max(int(self.query.get("page", 1)), 1)
        start = (number - 1) * size
        rendered = [render(item) for item in shown[start : start + size]]
        headers = self._links(number, -(-len(shown) // size))
        return Reply(body=rendered if wrap is None else {"total_count": len(items), wrap: rendered}, headers=headers)

    def _links(self, number: int, last: int) -> dict[str, str]:
        pages = {}
        if number > 1:
            pages["prev"], pages["first"] = number - 1, 1
        if number < last:
            pages["next"], pages["last"] = number + 1, last
        links = [f'<{self._url(page=str(page))}>; rel="{relation}"' for relation, page in pages.items()]
        return {"link": ", ".join(links)} if links else {}

    def _url(self, **changes: str) -> str:
        return f"{self.fake.api_url}{self.path}?{urlencode({**self.query, **changes})}"

    def link_next(self, **changes: str) -> dict[str, str]:
        """The header that leads on in a list with a cursor."""
        return {"link": f'<{self._url(**changes)}>; rel="next"'}


Handler: TypeAlias = Callable[[Exchange], Reply]


def resolve_commit(repository: Repository, name: str) -> str | None:
    """The commit that a branch, tag, ref or id means."""
    for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}", name):
        if sha := repository.store.resolve(candidate):
            return sha
    return None
