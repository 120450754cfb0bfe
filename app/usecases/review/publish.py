"""Puts a finished report on GitHub: one review with the new findings, the summary comment, then the check."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.errors import GitHubRefused
from app.domain.messages import check as words
from app.domain.messages.check import Conclusion
from app.domain.messages.comments import inline_comment, review_body, summary_comment
from app.domain.messages.marker import marker
from app.domain.messages.origin import Origin
from app.domain.report import Report
from app.domain.rules import Rule
from app.ports import Conversation, Heads, Outbox, Place, PullRequests, Threads
from app.usecases.check_runs import CheckRuns
from app.usecases.job import Guard
from app.usecases.once import once
from app.usecases.one_comment import keep_comment
from app.usecases.passing import Passing
from app.usecases.review.around import Around, finding_marker
from app.usecases.review.examination import Examined
from app.usecases.review.settling import Settling

_log = logging.getLogger(__name__)

SUMMARY = "summary"
_UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Publisher:
    """`marker_key` signs the hidden markers of what we write."""

    conversation: Conversation
    threads: Threads
    pull_requests: PullRequests
    check_runs: CheckRuns
    outbox: Outbox
    heads: Heads
    rules: Mapping[str, Rule]
    marker_key: bytes

    async def publish(
        self,
        place: Place,
        examined: Examined,
        around: Around,
        origin: Origin,
        guard: Guard,
        *,
        person: str | None,
        fixable: bool,
    ) -> None:
        """The check comes last, so that it never concludes before what it points at is there.

        `guard` is awaited before each write: whatever is not written when a newer head is wanted, never is. `person` is
        the login of the one who is asked when the rounds are used up; `fixable`: whether a fix can be asked for here.
        """
        report = examined.report
        await guard()
        posted = await self._review(place, report)
        shown = report if posted else _without_inline(report)
        settling = Settling(self.outbox, self.conversation, self.threads, self.marker_key)
        await settling.settle(place, examined.past, around, origin, guard)
        if examined.past.asked:
            await guard()
            await settling.ask(place, report, origin, person)
        await guard()
        try:
            mark = marker(self.marker_key, place.ref, SUMMARY)
            body = summary_comment(shown, origin, mark)
            await keep_comment(self.outbox, self.conversation, place, key=SUMMARY, mark=mark, body=body)
        except GitHubRefused as error:  # a locked conversation, say; the check tells the same
            _log.warning("%s: the summary comment was refused: %s", place.ref, error)
        verdict = words.conclusion_of(report.verdict)
        output = words.concluded(shown, origin, fixable=fixable)
        await guard()
        if verdict is Conclusion.SUCCESS:
            passing = Passing(self.check_runs, self.heads, self.pull_requests)
            await passing.succeed(place, report.head, output, origin.run_id)
        else:
            if examined.retry_at is None:  # else the same run has more to say
                await self.check_runs.judge(place.ref, report.head, origin.run_id)
            await self.check_runs.conclude(place, report.head, verdict, output)

    async def _review(self, place: Place, report: Report) -> bool:
        """Posts the findings that were not posted before; False when GitHub refused the comments."""
        await self._settle_open_reviews(place)
        known = await self.outbox.finished(place.ref, "finding:")
        new = tuple(f for f in report.posted if f"finding:{f.id}" not in known)
        if not new:
            return True
        write = f"review:{report.head}:{'+'.join(sorted(f.id for f in new))}"
        mark = marker(self.marker_key, place.ref, write)
        rules = {**self.rules, **{rule.id: rule for rule in report.own_rules}}
        comments = tuple(inline_comment(f, rules, finding_marker(self.marker_key, place.ref, f.id)) for f in new)
        try:
            review = await once(
                self.outbox,
                place.ref,
                write,
                find=lambda: self.conversation.find_review(place, mark),
                act=lambda: self.conversation.review(
                    place, head=report.head, body=review_body(len(new), mark), comments=comments
                ),
            )
        except GitHubRefused as error:
            if error.status != _UNPROCESSABLE:
                raise
            return False
        for finding in new:
            await self.outbox.finish(place.ref, f"finding:{finding.id}", review)
        return True

    async def _settle_open_reviews(self, place: Place) -> None:
        """A review whose answer was lost is looked for first: a model asked anew would word another one."""
        for write in await self.outbox.open(place.ref, "review:"):
            found = await self.conversation.find_review(place, marker(self.marker_key, place.ref, write))
            if found is None:
                await self.outbox.forget(place.ref, write)
                continue
            for id_ in write.rpartition(":")[2].split("+"):
                await self.outbox.finish(place.ref, f"finding:{id_}", found)
            await self.outbox.finish(place.ref, write, found)


def _without_inline(report: Report) -> Report:
    """The same report with every finding told in the summary, where GitHub cannot refuse it."""
    return replace(report, findings=tuple(replace(f, inline=False) for f in report.findings))
