"""Reviews of a pull request as approvals. Source: GitHub Docs, "REST API endpoints for pull request reviews"."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubUnavailable
from app.domain.gate.reviews import Person, Review, ReviewState
from app.domain.pull_request import Sha
from app.ports import Place

_MAX_REVIEWS = 3_000
_STATES = {state.value.upper(): state for state in ReviewState}


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _User(_Json):
    id: int
    login: str
    type: str


class _Review(_Json):
    id: int
    user: _User | None
    state: str
    commit_id: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None
    submitted_at: datetime | None = None


class ReviewReader:
    """Implements ports.Reviews."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def all(self, place: Place) -> tuple[Review, ...]:
        """What is pending has no time yet and is left out."""
        path = f"/repos/{place.repository}/pulls/{place.ref.number}/reviews"
        found: list[Review] = []
        count = 0
        async for page in self._client.pages(place.ref, Stage.GATHER, path):
            count += len(page)
            found += [review for one in page if (review := _review(one)) is not None]
        if count >= _MAX_REVIEWS:
            raise GitHubUnavailable(f"{place.ref} has {_MAX_REVIEWS:,} reviews or more, which cannot all be read")
        return tuple(found)


def _review(data: Any) -> Review | None:
    try:
        review = _Review.model_validate(data)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
        raise GitHubUnavailable(f"a review's JSON has a wrong shape at: {fields}") from None
    state = _STATES.get(review.state)
    if state is None:
        raise GitHubUnavailable(f"a review is in a state that is not known: {review.state[:40]!r}")
    if review.submitted_at is None or state is ReviewState.PENDING:
        return None
    return Review(
        id=review.id,
        author=Person(review.user.id, review.user.login) if review.user else None,
        human=review.user is not None and review.user.type == "User",
        state=state,
        commit=Sha(review.commit_id) if review.commit_id else None,
        submitted_at=review.submitted_at,
    )
