"""A pull request on which short steps are played, as in `bob+ readme=2 bob!`, and what the gate then says of it.

auth=2 auth=       a push that gives a file other content, or deletes it
base:auth=2        the base branch gets it, and the head merges the base
back:0             a force push back to the first head
bob+ - ~ ? !       approves, asks for changes, comments, has a review pending, is dismissed
by:bob for:bob     wrote a commit, asked the bot for one
bob=read           may do no more than that from now on
sec:bob,carol      are the members of the team now; `sec:?` when that cannot be read
name:bob=7         the login belongs to the account 7 now; `name:bob=` to none
call:bob=bobby     the account shows another login
policy:none        the base branch gets another policy
onto:strict        the pull request is aimed at a branch with that policy
forget:0 many      the commit cannot be read any more, there are too many commits to read
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from app.domain.codeowners import Codeowners, parse_codeowners
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.gate.decision import GateDecision, RequirementState, decide
from app.domain.gate.facts import CoreChange, Facts
from app.domain.gate.requirements import Requirement, requirements
from app.domain.gate.reviews import Person, Review, ReviewState
from app.domain.policy import CoreRequirement, Policy, TierPolicy
from app.domain.pull_request import Sha
from app.domain.threads import Permission

IDS = {"ann": 1, "bob": 2, "carol": 3, "dave": 4, "eve": 5, "bot": 9}
FILES = {
    "auth": "app/auth/login.py",
    "key": "app/auth/key.py",
    "db": "db/1.sql",
    "flow": ".github/workflows/ci.yml",
    "readme": "readme.md",
}
POLICIES = {
    "none": Policy(),
    "strict": Policy(tiers=TierPolicy(core=(CoreRequirement(("app/auth/**",), 1, ("@acme/sec",)),))),
    "two": Policy(tiers=TierPolicy(core=(CoreRequirement(("app/auth/**",), 2, ("@acme/sec", "@Dave")),))),
    "owned": Policy(tiers=TierPolicy(core=(CoreRequirement(("app/**", "db/**"), 1),))),
    "both": Policy(
        tiers=TierPolicy(
            core=(CoreRequirement(("app/**",), 1, ("@dave",)), CoreRequirement(("**/login.py", "db/**"), 2, ()))
        )
    ),
}
CODEOWNERS = b"/db/ @Carol dba@example.com\n/.github/ @acme/sec @dave\n"
MODES = {"x": "100755", "l": "120000", "m": "160000"}
_SIGNS = {
    "+": ReviewState.APPROVED,
    "-": ReviewState.CHANGES_REQUESTED,
    "~": ReviewState.COMMENTED,
    "?": ReviewState.PENDING,
}
Tree = Mapping[str, str]


def side(value: str) -> Side:
    """From what a step calls content: `2` is a file, `x2` an executable one, `l2` a link, `m2` a submodule."""
    mode = MODES.get(value[0], "100644")
    return Side(mode, value[-1] * 40, Kind.of_mode(mode))


def entries(base: Tree, head: Tree) -> tuple[Entry, ...]:
    changed = sorted(path for path in base.keys() | head.keys() if base.get(path) != head.get(path))
    return tuple(_entry(path, base.get(path), head.get(path)) for path in changed)


def _entry(path: str, old: str | None, new: str | None) -> Entry:
    status = Status.ADDED if old is None else Status.DELETED if new is None else Status.MODIFIED
    return Entry(path, status, None if old is None else side(old), None if new is None else side(new))


@dataclass(frozen=True)
class Commit:
    base: Tree
    """Of the merge base with the branch at which the pull request was aimed then."""
    head: Tree


@dataclass
class Stage:
    """`ann` opened it; bob and carol are the team `acme/sec`; eve may only read."""

    policy: str = "strict"
    codeowners: Codeowners | None = field(default_factory=lambda: parse_codeowners(CODEOWNERS))
    commits: list[Commit] = field(default_factory=list)
    head: int = 0
    reviews: list[Review] = field(default_factory=list)
    committers: set[int] = field(default_factory=set)
    requesters: set[int] = field(default_factory=set)
    permissions: dict[int, Permission] = field(
        default_factory=lambda: dict.fromkeys(IDS.values(), Permission.WRITE) | {IDS["eve"]: Permission.READ}
    )
    names: dict[str, int] = field(default_factory=lambda: _without(IDS, "bot"))
    shown: dict[str, str] = field(default_factory=dict)
    teams: dict[str, frozenset[int]] = field(
        default_factory=lambda: {"acme/sec": frozenset({IDS["bob"], IDS["carol"]})}
    )
    forgotten: set[int] = field(default_factory=set)
    complete: bool = True
    retargeted_at: datetime | None = None
    _clock: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @staticmethod
    def of(policy: str, first: str) -> Stage:
        """A pull request whose first push is `first`, as in `auth=2,readme=2`, over a base with each file at 1."""
        base = dict.fromkeys(FILES.values(), "1")
        stage = Stage(policy, commits=[Commit(base, base)])
        stage.play(first)
        stage.commits, stage.head = stage.commits[-1:], 0
        return stage

    @property
    def now(self) -> Commit:
        return self.commits[self.head]

    @property
    def entries(self) -> tuple[Entry, ...]:
        return entries(self.now.base, self.now.head)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        return requirements(self.entries, POLICIES[self.policy], self.codeowners)

    @property
    def facts(self) -> Facts:
        known = {n: commit for n, commit in enumerate(self.commits) if n not in self.forgotten}
        return Facts(
            head=sha(self.head),
            author=IDS["ann"],
            committers=frozenset(self.committers),
            requesters=frozenset(self.requesters),
            permissions=self.permissions,
            user_ids=self.names,
            team_members=self.teams,
            seen={sha(n): frozenset(map(CoreChange.of, entries(c.base, c.head))) for n, c in known.items()},
            commits_complete=self.complete,
            retargeted_at=self.retargeted_at,
        )

    def decide(self) -> GateDecision:
        return decide(self.requirements, self.reviews, self.facts)

    def play(self, steps: str) -> Stage:
        for step in steps.split():
            self._clock += timedelta(seconds=1)
            verb, colon, rest = step.partition(":")
            if colon:
                self._happen(verb, rest)
            elif step == "many":
                self.complete = False
            elif step[-1] in _SIGNS or step[-1] == "!":
                self._review(step[:-1], step[-1])
            else:
                self._assign(step)
        return self

    def _assign(self, step: str) -> None:
        name, _, value = step.partition("=")
        if name in IDS:
            self.permissions[IDS[name]] = Permission(value)
        else:
            self._push(replace(self.now, head=_changed(self.now.head, step)))

    def _happen(self, verb: str, rest: str) -> None:
        match verb:
            case "base":
                self._push(Commit(_changed(self.now.base, rest), _changed(self.now.head, rest)))
            case "back":
                self.head = int(rest)
            case "policy":
                self.policy = rest
            case "onto":
                self.policy, self.retargeted_at = rest, self._clock
            case "forget":
                self.forgotten.add(int(rest))
            case _:
                self._know(verb, rest)

    def _know(self, verb: str, rest: str) -> None:
        name, _, value = rest.partition("=")
        match verb:
            case "by":
                self.committers.add(IDS[rest])
            case "for":
                self.requesters.add(IDS[rest])
            case "sec":
                members = frozenset(IDS[member] for member in rest.split(",") if member in IDS)
                self.teams = {} if rest == "?" else {"acme/sec": members}
            case "name":
                self.names = {**self.names, name: int(value)} if value else _without(self.names, name)
            case "call":
                self.shown[name] = value
            case _:
                raise AssertionError(f"no such step: {verb}:{rest}")

    def _push(self, commit: Commit) -> None:
        self.commits.append(commit)
        self.head = len(self.commits) - 1

    def _review(self, name: str, sign: str) -> None:
        author = Person(IDS[name], self.shown.get(name, name)) if name != "ghost" else None
        if sign == "!":
            own = [n for n, r in enumerate(self.reviews) if r.author == author and r.state.is_opinion]
            if own:
                self.reviews[own[-1]] = replace(self.reviews[own[-1]], state=ReviewState.DISMISSED)
            return
        number = len(self.reviews) + 1
        self.reviews.append(Review(number, author, name != "bot", _SIGNS[sign], sha(self.head), self._clock))


def sha(number: int) -> Sha:
    return Sha(f"{number:040x}")


def _without(names: Mapping[str, int], name: str) -> dict[str, int]:
    return {known: id_ for known, id_ in names.items() if known != name}


def _changed(tree: Tree, steps: str) -> Tree:
    changed = dict(tree)
    for step in steps.split(","):
        name, _, value = step.partition("=")
        path = FILES[name]
        changed.pop(path, None)
        if value:
            changed[path] = value
    return changed


def told(decision: GateDecision) -> str:
    """`met`, or each requirement as in `bob 1/2 eve:NO_WRITE`, with bars between."""
    return "met" if decision.met else " | ".join(map(_told, decision.requirements))


def _told(state: RequirementState) -> str:
    counted = ",".join(person.login for person in state.counted)
    refused = [f"{r.person.login if r.person else 'ghost'}:{r.why.name}" for r in state.refused]
    return " ".join(filter(None, (counted, f"{len(state.counted)}/{state.requirement.approvals}", *refused)))
