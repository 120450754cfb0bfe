"""What we answer to commands. Each answer begins with the command in code, so that it is no command itself."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.commands.verbs import LEAST, Verb
from app.domain.findings import Location, Quote
from app.domain.inert import block, cell_code, code_span, inline, link, phrase
from app.domain.messages.origin import Origin
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha

USAGE: dict[Verb, tuple[str, str]] = {
    Verb.REVIEW: ("review [full]", "looks again; `full` also at what was covered before"),
    Verb.FIX: ("fix [P0|P1|all|<finding>|words]", "repairs findings in a sandbox, verifies, and pushes one commit"),
    Verb.ASK: ("ask <question>", "answers from the code at the newest head"),
    Verb.DISMISS: ("dismiss <finding> <reason>", "takes a finding off the list; in its thread the reason will do"),
    Verb.REOPEN: ("reopen <finding>", "takes a dismissal back"),
    Verb.STOP: ("stop", "ends the review and the fix that run or wait; the next push starts a review anew"),
    Verb.PAUSE: ("pause", "nothing is reviewed here until `resume`"),
    Verb.RESUME: ("resume", "ends a pause"),
    Verb.STATUS: ("status", "how this pull request stands"),
    Verb.CONFIG: ("config", "the policy that holds here"),
    Verb.REMEMBER: ("remember <rule>", "opens a pull request that adds the rule to AGENTS.md"),
    Verb.HELP: ("help", "this table"),
}
"""How each verb is said, and what it does."""


@dataclass(frozen=True, slots=True)
class Named:
    """The command that is answered: by its verb, its author, and where it stands. `comment` is None for a button."""

    verb: str
    login: str
    github_url: str
    repository: RepositoryName
    ref: PullRequestRef
    comment: int | None
    line: bool = False

    def head(self) -> str:
        """The first words of an answer."""
        label = code_span(self.verb, limit=40)
        if self.comment is None:
            return f"{label}, pressed by {inline(self.login, limit=60)}:"
        anchor = f"{'discussion_r' if self.line else 'issuecomment-'}{self.comment}"
        url = f"{self.github_url}/{self.repository}/pull/{self.ref.number}#{anchor}"
        return f"{link(label, url)}, asked by {inline(self.login, limit=60)}:"


def answer(named: Named, text: str) -> str:
    """Our words under the name of the command. `text` is inert already."""
    separator = "\n\n" if text.startswith(("|", "-", "*")) or "\n" in text else " "
    return f"{named.head()}{separator}{text}"


def help_text(slug: str, permissions: dict[Verb, str]) -> str:
    """All verbs, with the permission that each asks for here."""
    rows = [f"| {cell_code(usage, limit=80)} | {told} | {permissions[verb]} |" for verb, (usage, told) in USAGE.items()]
    first = (
        f"A command is the first paragraph of a new comment, in plain text, after {code_span('@' + slug, limit=60)}. "
        "Edits, quotes and code are never commands."
    )
    return "\n".join(["| command | what it does | needs |", "| --- | --- | --- |", *rows, "", first])


def built_in() -> dict[Verb, str]:
    """The permissions without a policy."""
    return {verb: least.value for verb, least in LEAST.items()}


def unknown(slug: str) -> str:
    """Once for a person, before the table."""
    return f"This is none of the commands. {code_span(f'@{slug} help', limit=80)} lists them."


def closed() -> str:
    return "The pull request is closed: only `status` and `help` are answered."


def too_old() -> str:
    return "This was asked more than an hour before it could be done. Please ask again in a new comment."


def too_many(most: int) -> str:
    return f"More than {most} commands within an hour are not answered. This is said once."


def policy_invalid() -> str:
    return (
        "The policy of the base branch is invalid, so that nobody can tell who may do this: the check says where. "
        "`help`, `status`, `config`, `stop` and `pause` are done all the same."
    )


def interrupted() -> str:
    """For a command that was seen and could not be done in all attempts."""
    return "This could not be done: GitHub or a part of this deployment did not answer. Please ask again later."


def unreadable(why: str) -> str:
    """`why` is what git says, with which a stranger's commit may have to do."""
    return f"The commits of this pull request cannot be read, so nothing is done with them: {phrase(why, limit=300)}"


# Reviews.


def review_wanted(head: Sha, *, full: bool, focus: bool) -> str:
    told = f"{code_span(head[:12], limit=20)} is looked at again" + (
        ", all of it." if full else "; what was covered keeps its coverage."
    )
    return f"{told} What to look at in particular is not used by this version." if focus else told


def under_way(head: Sha) -> str:
    return f"A review of {code_span(head[:12], limit=20)} is under way or in line already."


def is_draft() -> str:
    return "Drafts are not reviewed here: mark it as ready, and it is."


def is_paused() -> str:
    return "Reviews of this pull request are paused. `resume` ends that, and looks at it."


def stopped(*, something: bool) -> str:
    if not something:
        return "Nothing runs or waits here."
    return "Stopped: what ran or waited here ends. The next push, or `review`, starts anew."


def paused(*, something: bool) -> str:
    if not something:
        return "Nothing changed: it is paused already, or was never reviewed."
    return "Paused: nothing is reviewed here until somebody says `resume`."


def resumed(*, something: bool) -> str:
    return "Resumed: the pull request is looked at." if something else "It is not paused."


# Findings.


def dismissed(id_: str, title: str, *, waits: bool) -> str:
    return f"{_finding(id_, title)} is dismissed.{_looked(waits=waits)}"


def reopened(id_: str, title: str, *, waits: bool) -> str:
    return f"{_finding(id_, title)} is open again.{_looked(waits=waits)}"


def already(id_: str, title: str, state: str) -> str:
    """`state`: our word for how it stands."""
    return f"{_finding(id_, title)} is {state} already, so nothing changed."


def no_finding() -> str:
    return "Name a finding of this pull request by its id, such as `F0123456789`, or answer in its thread."


def no_reason() -> str:
    return "Say why, after the id: the reason is kept with the finding."


def only_open_may_be(state: str) -> str:
    return f"The finding is {state}, so there is nothing to do."


def _finding(id_: str, title: str) -> str:
    return f"{code_span(id_, limit=20)} ({phrase(title, limit=160)})"


def _looked(*, waits: bool) -> str:
    """`waits`: reviews are paused, or it is a draft."""
    return " It counts from the next review on." if waits else " The check is decided anew."


# People.


def human_asked(blocking: tuple[tuple[str, str], ...], *, person: str | None) -> str:
    """`blocking`: id and title of each finding that blocks; `person`: the author, whom we name without calling."""
    told = [f"- {_finding(id_, title)}" for id_, title in blocking[:10]]
    if len(blocking) > len(told):
        told.append(f"- … and {len(blocking) - len(told)} more")
    asked = f"The author, {inline(person, limit=60)}, or anybody" if person else "Anybody"
    first = (
        f"{asked} with write access can decide: fix what is right, and dismiss what is not with `dismiss` and a reason."
    )
    return "\n".join([first, "", *(told or ["Nothing blocks at the moment."])])


# Questions.


def no_model() -> str:
    return "Models are not configured here, so questions cannot be answered. All other commands work without."


def no_answer(reason: str) -> str:
    """`reason` may carry words of a model's endpoint."""
    return f"There is no answer: {inline(reason, limit=300)}."


def told(said: str, quotes: tuple[Quote, ...], origin: Origin) -> str:
    """A model's answer, and the lines it rests on that were found in the code."""
    lines = [
        f"- {origin.location(Location(one.path, one.line, one.line))}: {code_span(one.text.strip(), limit=160)}"
        for one in quotes
    ]
    unproven = "No line of the code was quoted that stands there: take it with care."
    small = f"<sub>By a model that read {code_span(origin.head[:12], limit=20)} and can be wrong.</sub>"
    return "\n\n".join([block(said, limit=6_000), "\n".join(lines) or unproven, small])


def remembered(number: int, named: Named) -> str:
    return f"{_pull(number, named)} adds it to `AGENTS.md`. It counts once that is merged."


def remembered_before() -> str:
    return "`AGENTS.md` of the base branch says exactly that already."


def cannot_remember(why: str) -> str:
    """`why` is one of our own sentences."""
    return f"It was not written down: {why}."


def proposal_title(number: int) -> str:
    return f"Review guidelines: a rule from #{number}"


def proposal_body(named: Named, number: int) -> str:
    """The evidence: who asked, and where."""
    return (
        f"{named.head()[:-1]} in {_pull(number, named)}, adds one line to the review guidelines. Reviews read it from "
        "the base branch, so it counts once this is merged. Change the words as you like."
    )


def _pull(number: int, named: Named) -> str:
    url = f"{named.github_url}/{named.repository}/pull/{number}"
    return link(code_span(f"#{number}", limit=20), url)
