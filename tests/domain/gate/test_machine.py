"""Random sequences of events, after each of which the gate and a small model of its rules agree.

The model is written from the rules in prose, person by person, and knows no patterns: who may approve which file under
which policy stands in a table. It keeps what happened and looks everything up anew each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.domain.gate.asking import Asked, candidates
from app.domain.threads import Permission
from tests.examples import examples
from tests.gate_stage import FILES, Stage

SEC, DAVE, CAROL, ANYONE = "sec", "dave", "carol", "anyone"

# policy -> file -> (approvals, who) of each thing it waits for
WAITS_FOR: dict[str, dict[str, list[tuple[int, tuple[str, ...]]]]] = {
    "none": {"flow": [(1, (SEC, DAVE))]},
    "strict": {"auth": [(1, (SEC,))], "key": [(1, (SEC,))], "flow": [(1, (SEC, DAVE))]},
    "two": {"auth": [(2, (SEC, DAVE))], "key": [(2, (SEC, DAVE))], "flow": [(1, (SEC, DAVE))]},
    "owned": {"auth": [(1, (ANYONE,))], "key": [(1, (ANYONE,))], "db": [(1, (CAROL,))], "flow": [(1, (SEC, DAVE))]},
    "both": {
        "auth": [(1, (DAVE,)), (2, (ANYONE,))],
        "key": [(1, (DAVE,))],
        "db": [(2, (CAROL,))],
        "flow": [(1, (SEC, DAVE))],
    },
}
PEOPLE = ["ann", "bob", "carol", "dave", "eve"]
CONTENT = ["", "1", "2", "3", "x2", "l2"]


@dataclass
class Said:
    """One review: what was said, and of which push."""

    who: str
    what: str
    push: int
    round: int
    """How often the pull request had been aimed at another branch."""


@dataclass
class Model:
    policy: str
    pushes: list[dict[str, tuple[str, str]]]
    """For each push: file -> what the base has, what the head has."""
    head: int = 0
    round: int = 0
    said: list[Said] = field(default_factory=list)
    team: set[str] | None = field(default_factory=lambda: {"bob", "carol"})
    writers: set[str] = field(default_factory=lambda: {"ann", "bob", "carol", "dave", "bot"})
    made_it: set[str] = field(default_factory=lambda: {"ann"})
    lost_logins: set[str] = field(default_factory=set)
    unreadable: set[int] = field(default_factory=set)
    too_many: bool = False

    def passes(self) -> bool:
        return all(
            sum(self.approved(person, who, files) for person in PEOPLE) >= needed
            for (needed, who), files in self.waiting().items()
        )

    def waiting(self) -> dict[tuple[int, tuple[str, ...]], list[str]]:
        found: dict[tuple[int, tuple[str, ...]], list[str]] = {}
        for file, (before, after) in self.pushes[self.head].items():
            if before != after:
                for wanted in WAITS_FOR[self.policy].get(file, []):
                    found.setdefault(wanted, []).append(file)
        return found

    def approved(self, person: str, who: tuple[str, ...], files: list[str]) -> bool:
        if person in self.made_it or person not in self.writers or self.too_many:
            return False
        if not any(self.belongs(person, name) for name in who):
            return False
        opinions = [said for said in self.said if said.who == person and said.what in {"yes", "no", "dismissed"}]
        if not opinions or opinions[-1].what != "yes" or opinions[-1].round != self.round:
            return False
        looked_at = opinions[-1].push
        if looked_at == self.head:
            return True
        if looked_at in self.unreadable:
            return False
        return all(self.pushes[looked_at][file] == self.pushes[self.head][file] for file in files)

    def belongs(self, person: str, name: str) -> bool:
        if name == SEC:
            return self.team is not None and person in self.team
        return name == ANYONE or (name == person and person not in self.lost_logins)


class GateMachine(RuleBasedStateMachine):
    """Tells both what happens, and asks both whether the change may pass."""

    @initialize(policy=st.sampled_from(sorted(WAITS_FOR)), file=st.sampled_from(sorted(FILES)))
    def open(self, policy: str, file: str) -> None:
        self.stage = Stage.of(policy, f"{file}=2")
        same = dict.fromkeys(FILES, ("1", "1"))
        self.model = Model(policy, [{**same, file: ("1", "2")}])

    @rule(file=st.sampled_from(sorted(FILES)), content=st.sampled_from(CONTENT))
    def push(self, file: str, content: str) -> None:
        self.stage.play(f"{file}={content}")
        now = self.model.pushes[self.model.head]
        self._pushed({**now, file: (now[file][0], content)})

    @rule(file=st.sampled_from(sorted(FILES)), content=st.sampled_from(CONTENT))
    def merge_the_base(self, file: str, content: str) -> None:
        self.stage.play(f"base:{file}={content}")
        self._pushed({**self.model.pushes[self.model.head], file: (content, content)})

    @rule(data=st.data())
    def force_push_back(self, data: st.DataObject) -> None:
        self.model.head = data.draw(st.integers(0, len(self.model.pushes) - 1))
        self.stage.play(f"back:{self.model.head}")

    def _pushed(self, files: dict[str, tuple[str, str]]) -> None:
        self.model.pushes.append(files)
        self.model.head = len(self.model.pushes) - 1

    @rule(everybody=st.sets(st.sampled_from([*PEOPLE, "bot", "ghost"]), min_size=1))
    def approve(self, everybody: set[str]) -> None:
        for who in sorted(everybody):
            self._say(who, "+", "yes")

    @rule(who=st.sampled_from([*PEOPLE, "bot", "ghost"]), how=st.sampled_from(["+yes", "-no", "~comment", "?pending"]))
    def review(self, who: str, how: str) -> None:
        self._say(who, how[0], how[1:])

    def _say(self, who: str, sign: str, what: str) -> None:
        self.stage.play(f"{who}{sign}")
        self.model.said.append(Said(who, what, self.model.head, self.model.round))

    @rule(who=st.sampled_from(PEOPLE))
    def dismiss(self, who: str) -> None:
        """The newest opinion that is not dismissed, if there is one."""
        self.stage.play(f"{who}!")
        for said in reversed(self.model.said):
            if said.who == who and said.what in {"yes", "no", "dismissed"}:
                said.what = "dismissed"
                break

    @rule(policy=st.sampled_from(sorted(WAITS_FOR)))
    def change_the_policy(self, policy: str) -> None:
        self.stage.play(f"policy:{policy}")
        self.model.policy = policy

    @rule(policy=st.sampled_from(sorted(WAITS_FOR)))
    def retarget(self, policy: str) -> None:
        self.stage.play(f"onto:{policy}")
        self.model.policy = policy
        self.model.round += 1

    @rule(who=st.sampled_from(PEOPLE), permission=st.sampled_from(list(Permission)))
    def change_a_permission(self, who: str, permission: Permission) -> None:
        self.stage.play(f"{who}={permission}")
        can_write = permission in {Permission.WRITE, Permission.MAINTAIN, Permission.ADMIN}
        self.model.writers = self.model.writers | {who} if can_write else self.model.writers - {who}

    @rule(members=st.one_of(st.none(), st.sets(st.sampled_from([*PEOPLE, "bot"]))))
    def change_the_team(self, members: set[str] | None) -> None:
        self.stage.play(f"sec:{'?' if members is None else ','.join(sorted(members))}")
        self.model.team = members

    @rule(who=st.sampled_from(["bob", "dave", "eve"]), how=st.sampled_from(["by", "for"]))
    def take_part(self, who: str, how: str) -> None:
        self.stage.play(f"{how}:{who}")
        self.model.made_it.add(who)

    @rule(who=st.sampled_from(["bob", "carol", "dave"]))
    def lose_a_login(self, who: str) -> None:
        if who in self.stage.names:
            self.stage.play(f"name:{who}=")
        self.model.lost_logins.add(who)

    @rule(data=st.data())
    def forget_a_commit(self, data: st.DataObject) -> None:
        push = data.draw(st.integers(0, len(self.model.pushes) - 1))
        self.stage.play(f"forget:{push}")
        self.model.unreadable.add(push)

    @rule()
    def have_too_many_commits(self) -> None:
        self.stage.play("many")
        self.model.too_many = True

    @invariant()
    def agree(self) -> None:
        assert self.stage.decide().met is self.model.passes()

    @invariant()
    def ask_only_who_can_help_and_nobody_twice(self) -> None:
        decision, facts = self.stage.decide(), self.stage.facts
        ask = candidates(decision, facts, Asked(), {})
        again = candidates(decision, facts, Asked(frozenset(ask.users), frozenset(ask.teams)), {})

        assert (again.users, again.teams) == ((), ())
        assert not decision.met or ask == again == type(ask)()
        assert not set(ask.users) & (self.model.made_it | self.model.lost_logins)
        assert set(ask.users) <= self.model.writers
        assert all(self._nobody_can(requirement.eligible.anyone) for requirement in ask.nobody)

    def _nobody_can(self, anyone: bool) -> bool:
        """Where anyone may approve, nobody is left only when all who may write have taken part or approved."""
        free = self.model.writers - self.model.made_it - self.model.lost_logins - {"bot"}
        return not anyone or all(any(said.who == person for said in self.model.said) for person in free)


GateMachine.TestCase.settings = settings(
    max_examples=examples(150, search=1_500), stateful_step_count=12, deadline=None
)
TestTheGateAndTheModel = GateMachine.TestCase
