"""The errors GitHub answers, in its words and shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tests.fakes.github.records import JsonObject

DOCUMENTATION: Final = "https://docs.github.com/rest"


class GitHubError(Exception):
    """An error reply; raise it anywhere while a request is being answered."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[JsonObject | str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Say what GitHub says."""
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})

    @property
    def body(self) -> JsonObject:
        """The JSON of the reply."""
        body: JsonObject = {
            "message": self.message,
            "documentation_url": DOCUMENTATION,
            "status": str(self.status),
        }
        if self.errors is not None:
            body["errors"] = list(self.errors)
        return body


def not_found() -> GitHubError:
    """What is not there, or must not be seen."""
    return GitHubError(404, "Not Found")


def forbidden(message: str = "Resource not accessible by integration") -> GitHubError:
    """What may be seen but not done."""
    return GitHubError(403, message)


def bad_credentials() -> GitHubError:
    """An unknown, expired or revoked token."""
    return GitHubError(401, "Bad credentials")


def unprocessable(errors: Sequence[JsonObject]) -> GitHubError:
    """A well-formed request with values that cannot be; errors name resource, field and code."""
    return GitHubError(422, "Validation Failed", errors=errors)


def invalid(resource: str, field: str, message: str) -> GitHubError:
    """One field with a value that cannot be."""
    return unprocessable([{"resource": resource, "field": field, "code": "custom", "message": message}])


def unprocessable_texts(*errors: str) -> GitHubError:
    """The same for the operations on reviews, whose errors are plain texts."""
    return GitHubError(422, "Unprocessable Entity", errors=errors)
