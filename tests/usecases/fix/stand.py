"""A fix over a small project in memory: GitHub, git, the sandbox and the memory are small stand-ins that can be changed
between any two steps.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.adapters.markdown.first_paragraph import FirstParagraph
from app.adapters.rules.policy_file import parse_policy
from app.domain.commands.asked import Who
from app.domain.fix.memory import FixRound, RoundState
from app.domain.fix.order import FixOrder, encode
from app.domain.jobs import JobKind, RowKey
from app.domain.model import Completion
from app.domain.money import Caps
from app.domain.pull_request import Sha
from app.domain.receipt_basis import policy_digest
from app.domain.row import Note, Row
from app.domain.transcript import TranscriptEntry
from app.usecases.fix.attending import Attending
from app.usecases.fix.parts import FixParts
from app.usecases.policies import Ceilings
from app.usecases.review.engine import Engine
from app.wiring.engine import load_fix_texts
from tests.build import BASE, HEAD, REF, pull_request, row
from tests.fakes.repository import FakeRepository
from tests.fakes.scripted_model import ScriptedModel, calls, says
from tests.fakes.transcripts import FakeTranscripts
from tests.usecases.fix.boxes import Boxes, Check
from tests.usecases.fix.doubles import (
    DRAFT,
    NEXT,
    Branches,
    Failing,
    Files,
    Git,
    GitHub,
    Heard,
    Memory,
    Past,
    Proposals,
    SaidComments,
    Signed,
    Wishes,
)
from tests.usecases.noted_purse import NotedPurse
from tests.usecases.review.scene import NOW
from tests.usecases.review.scene import Scene as ReviewScene
from tests.usecases.test_model_layers import KeptAnswers

POLICY = "version: 1\nfix:\n  verify: [check]\n"
BEFORE = {"shop.py": b"total = 1\n", ".github/revwright.yml": POLICY.encode()}
AFTER = BEFORE | {"shop.py": b"total = 2\n", "more.py": b"more = 1\n"}
PATCH = "*** Begin Patch\n*** Update File: shop.py\n@@\n-total = 2\n+total = 3\n*** End Patch\n"
TEST_PATCH = "*** Begin Patch\n*** Add File: test_shop.py\n+def test_total():\n+    assert total == 3\n*** End Patch\n"
ANSWER = {"summary": "Repaired.", "fixed": [{"what": "F012345678", "how": "so"}], "not_fixed": [], "test": ""}
PUSHING = FixRound(
    "7",
    HEAD,
    RoundState.PUSHING,
    9,
    branch="topic",
    commit=DRAFT,
    paths=("shop.py",),
    report="Fixed!",
    base_ref=pull_request().base_ref,
    policy=policy_digest(parse_policy(POLICY.encode(), "policy").policy),
)
ORDER = FixOrder("7", HEAD, ("F012345678",), Who(9, "ann"), comment=7)


def answered(**changes: object) -> Completion:
    return says(json.dumps(ANSWER | changes))


def patches(text: str = PATCH) -> Completion:
    return calls(("apply_patch", {"patch": text}))


async def free() -> None:
    """A guard that lets everything pass."""


def passes(_line: str, _files: Files) -> int:
    return 0


@dataclass
class Stand:
    """By default the model patches one line, and all checks pass."""

    model: ScriptedModel = field(default_factory=lambda: ScriptedModel([patches(), answered()]))
    check: Check = passes
    policy: str = POLICY
    executes: bool = True
    github_commits: bool = False

    def __post_init__(self) -> None:
        policy = {".github/revwright.yml": self.policy.encode()}
        self.commits: dict[Sha, dict[str, bytes]] = {
            BASE: {**BEFORE, **policy},
            HEAD: {**AFTER, **policy},
            NEXT: {**AFTER, **policy, "more.py": b"more = 2\n"},
        }
        self.github, self.memory, self.heard = GitHub(), Memory(), Heard()
        self.repository = FakeRepository(self.commits, BASE)
        self.git = Git(self.repository, self.commits)
        self.boxes = Boxes(self.commits, self.check)
        self.answers, self.transcripts = KeptAnswers(), FakeTranscripts()
        self.signed, self.proposals, self.ci = Signed(), Proposals(), Failing()

    @property
    def engine(self) -> Engine:
        return ReviewScene(self.model, {}).engine()

    def parts(self) -> FixParts:
        github, memory = self.github, self.memory
        return FixParts(
            pull_requests=github,
            head_branches=Branches(github),
            permissions=github,
            comments=SaidComments(github),
            conversation=github,
            own_name=github,
            first_paragraph=FirstParagraph(),
            mirrors=self.git,
            repairs=self.git,
            stacking=self.proposals,
            signed=self.signed,
            ci=self.ci,
            notes=Wishes(memory),
            outbox=memory,
            past=Past(memory),
            fixes=memory,
            purse=NotedPurse(),
            answers=self.answers,
            transcripts=self.transcripts,
            ceilings=Ceilings(parse_policy),
            engine=self.engine,
            sandboxes=self.boxes if self.executes else None,
            tool_chain="/",
            texts=load_fix_texts(),
            deployment_caps=Caps(None),
            github_commits=self.github_commits,
            now=now,
            marker_key=b"k",
            github_url="https://github.com",
        )

    def attending(self, order: FixOrder = ORDER, *, parts: FixParts | None = None) -> Attending:
        return Attending(parts or self.parts(), order, fix_row())

    async def attend(self, order: FixOrder = ORDER) -> str:
        """What became of it; the comment's last text is `told`."""
        return await self.attending(order).attend(free, self.heard)

    def wish(self, order: FixOrder = ORDER) -> None:
        self.memory.notes.append(Note(f"fix:{order.wish}", encode(order)))

    @property
    def transcript(self) -> list[TranscriptEntry]:
        return [entry for entry in self.transcripts.kept[fix_row().run] if entry]

    @property
    def told(self) -> str:
        return self.github.said[-1]


def now() -> datetime:
    return NOW


def fix_row() -> Row:
    return replace(row(), key=RowKey(JobKind.FIX, REF))
