"""What each REST operation does, by operation id."""

from typing import Final

from tests.fakes.github.exchange import Handler
from tests.fakes.github.routes import (
    accounts,
    apps,
    checks,
    comments,
    contents,
    git_data,
    pulls,
    reactions,
    repositories,
    review_comments,
    reviews,
)

HANDLERS: Final[dict[str, Handler]] = {
    **accounts.HANDLERS,
    **apps.HANDLERS,
    **checks.HANDLERS,
    **comments.HANDLERS,
    **contents.HANDLERS,
    **git_data.HANDLERS,
    **pulls.HANDLERS,
    **reactions.HANDLERS,
    **repositories.HANDLERS,
    **review_comments.HANDLERS,
    **reviews.HANDLERS,
}
