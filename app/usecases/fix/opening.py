"""What is told of a commit that is on GitHub, and the pull request of our own for it where one is wanted."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from app.domain.errors import GitHubRefused
from app.domain.fix.memory import FixRound
from app.domain.fix.order import FixOrder
from app.domain.messages import fix_delivery as words
from app.domain.messages.origin import Origin
from app.ports import Place
from app.usecases.fix.parts import FixParts
from app.usecases.once import once

_log = logging.getLogger(__name__)


def own_branch(order: FixOrder, place: Place, run: str) -> str:
    """The name of a new branch for one wish: by its comment, which in a thread is counted apart, or by the run."""
    said = f"{'r' if order.thread is not None else ''}{order.comment}" if order.comment else run
    return f"revwright/fix-{place.ref.number}-{said}"


@dataclass(frozen=True, slots=True)
class Opening:
    """Each pull request is opened once, whoever dies meanwhile."""

    parts: FixParts
    place: Place

    async def told(self, done: FixRound, origin: Origin) -> str:
        """The report of a round whose commit is on GitHub."""
        assert done.commit is not None  # it is on GitHub
        where = words.pushed(done.commit, done.shown or done.branch, origin)
        if done.onto:
            number = await self._opened(done)
            where = (
                words.branch_only(done.commit, done.branch, origin)
                if number is None
                else words.stacked(done.commit, number, done.onto, origin)
            )
        return f"{where}\n\n{done.report}"

    async def _opened(self, done: FixRound) -> int | None:
        """Its number; None when GitHub lets none be opened."""
        number = self.place.ref.number
        title, body = words.stacked_title(number), words.stacked_body(number, done.onto, done.report)
        stacking = self.parts.stacking
        try:
            return await once(
                self.parts.outbox,
                self.place.ref,
                f"fix-pull:{done.wish}",
                find=lambda: stacking.find(self.place, done.branch),
                act=lambda: stacking.open(self.place, branch=done.branch, onto=done.onto, title=title, body=body),
            )
        except GitHubRefused as error:
            _log.warning("%s: no pull request is opened from %s: %s", self.place.ref, done.branch, error)
            return None
