"""All that a model and its tools are told and say stands in the transcript, once; trouble with it is harmless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pytest

from app.domain.commands.asked import Who
from app.domain.errors import BudgetRefused, ModelUnavailable, ToolRefused
from app.domain.fix.order import FixOrder
from app.domain.fix.verifying import Ran
from app.domain.model import AnswerSchema, Completion, Message, ModelRequest, Role, StopReason, ToolSpec, Usage
from app.domain.patches import Refusal
from app.domain.transcript import EntryKind, TranscriptEntry
from app.usecases.fix.scribe import Scribe
from app.usecases.fix.transcribed import TranscribedModel, TranscribedTool, reply_text
from app.usecases.tool_calls import NOT_RUN
from tests.build import HEAD
from tests.fakes.scripted_model import ScriptedModel, calls, says
from tests.fakes.transcripts import FakeTranscripts
from tests.usecases.fix.stand import now

RUN = "5f2c91d0a3b84e67"
SYSTEM, ASKED = Message(Role.SYSTEM, "You repair."), Message(Role.USER, "The sum is wrong.")
TOOL = ToolSpec("echo", "Says it again.", {"type": "object"})


@dataclass
class Kept:
    """A scribe and what it wrote."""

    transcripts: FakeTranscripts = field(default_factory=FakeTranscripts)

    @property
    def scribe(self) -> Scribe:
        return Scribe(self.transcripts, RUN, now)

    @property
    def entries(self) -> list[TranscriptEntry]:
        return [entry for entry in self.transcripts.kept.get(RUN, []) if entry]


@pytest.fixture
def kept() -> Kept:
    return Kept()


class Echo:
    spec: ClassVar[ToolSpec] = TOOL
    repeatable: ClassVar[bool] = True

    async def call(self, arguments: Mapping[str, object]) -> str:
        if not arguments:
            raise ToolRefused("there is nothing to say")
        return str(arguments["text"])


def request(
    *messages: Message, label: str = "fix, try 1, step 1", tools: tuple[ToolSpec, ...] = (TOOL,)
) -> ModelRequest:
    return ModelRequest("deep", messages, AnswerSchema("fix", {}), 100, 1.0, tools=tools, label=label)


async def test_what_a_model_is_told_first_and_each_of_its_replies(kept: Kept) -> None:
    model = TranscribedModel(ScriptedModel([says("Repaired.")]), kept.scribe)

    assert (await model.complete(request(SYSTEM, ASKED))).text == "Repaired."
    assert [(one.kind, one.step, one.text, one.note) for one in kept.entries] == [
        (
            EntryKind.TOLD,
            "fix, try 1, step 1",
            "[system]\nYou repair.\n\n[user]\nThe sum is wrong.",
            "to the model deep; tools: echo",
        ),
        (EntryKind.REPLY, "fix, try 1, step 1", "Repaired.", "by m; 100 tokens in, 10 out"),
    ]


async def test_what_was_told_before_is_not_told_again_but_what_is_new_is(kept: Kept) -> None:
    """Replies and answers of tools that ran are entries of their own, made when they came."""
    model = TranscribedModel(ScriptedModel(lambda _: says("ok")), kept.scribe)
    ran = Message(Role.TOOL, "<<<DATA\nx\nDATA>>>", call_id="c1")
    not_run = Message(Role.TOOL, f"{NOT_RUN}there is no such tool", call_id="c2")
    again = Message(Role.USER, "It is still wrong.")
    await model.complete(request(SYSTEM, ASKED))
    await model.complete(request(SYSTEM, ASKED, Message(Role.ASSISTANT, "ok"), ran, not_run))
    await model.complete(request(SYSTEM, ASKED, Message(Role.ASSISTANT, "ok"), ran, not_run))
    await model.complete(request(SYSTEM, ASKED, Message(Role.ASSISTANT, "ok"), again, tools=()))
    await model.complete(request(SYSTEM, ASKED, again, Message(Role.ASSISTANT, "ok"), again))

    told = [one for one in kept.entries if one.kind is EntryKind.TOLD][1:]
    assert [one.text for one in told] == [f"[tool]\n{not_run.text}", *[f"[user]\n{again.text}"] * 2]
    assert told[1].note.endswith("tools: none")
    assert sum(one.kind is EntryKind.REPLY for one in kept.entries) == 5


@pytest.mark.parametrize("error", [ModelUnavailable("503"), BudgetRefused("the cap of $1 is reached")])
async def test_a_model_that_does_not_answer_is_told_of(kept: Kept, error: Exception) -> None:
    with pytest.raises(type(error)):
        await TranscribedModel(ScriptedModel([error]), kept.scribe).complete(request(ASKED))

    assert (kept.entries[1].kind, kept.entries[1].note) == (EntryKind.REPLY, f"there is no answer: {error}")


async def test_how_a_reply_ended_is_told_where_it_did_not_end_well(kept: Kept) -> None:
    cut = Completion("Repai", StopReason.CUT_OFF, Usage(0, 0, 0, known=False), "m")
    await TranscribedModel(ScriptedModel([cut]), kept.scribe).complete(request(ASKED))

    assert kept.entries[1].note == "by m; tokens not reported; cut_off"


def test_calls_are_told_with_their_arguments_in_which_long_texts_stand_line_by_line() -> None:
    said = calls(
        ("run", {"command": "ls\npwd\n", "times": 2}),
        ("read", {"path": "ü"}),
        ("run", "{"),
        ("run", "[1]"),
        text=" So.\n",
    )

    assert reply_text(said) == (
        "So.\n\n[calls run]\ncommand:\nls\npwd\ntimes: 2\n\n[calls read]\npath: ü\n\n[calls run]\n{\n\n[calls run]\n[1]"
    )


async def test_an_answer_of_a_tool_is_kept_whole_beside_what_it_was_asked(kept: Kept) -> None:
    tool = TranscribedTool(Echo(), kept.scribe)

    assert await tool.call({"text": "x" * 1_000}) == "x" * 1_000
    assert await tool.call({"text": "y"}) == "y"
    assert (tool.spec, tool.repeatable) == (TOOL, True)
    long, short = kept.entries
    assert (long.kind, long.text, long.note) == (EntryKind.TOOL, "x" * 1_000, "")
    assert long.step.startswith('echo {"text": "xxx')
    assert (len(long.step), long.step[-1]) == (106, "…")
    assert short.step == 'echo {"text": "y"}'


async def test_a_refusal_of_a_tool_is_kept_and_passed_on(kept: Kept) -> None:
    with pytest.raises(ToolRefused, match="nothing to say"):
        await TranscribedTool(Echo(), kept.scribe).call({})

    (entry,) = kept.entries
    assert (entry.step, entry.text, entry.note) == ("echo {}", "there is nothing to say", "refused")


async def test_a_wish_is_told_with_its_head_and_whose_it_is(kept: Kept) -> None:
    order = FixOrder("7", HEAD, ("F1", "F2"), Who(9, "ann"))
    await kept.scribe.asked(order, 1)
    await kept.scribe.asked(replace(order, findings=(), words=True), 2)

    first, second = kept.entries
    assert first.text == f"wish 7 of ann (account 9)\non the head {HEAD}\nfindings: F1, F2"
    assert (first.kind, first.step, first.note) == (EntryKind.ASKED, "attempt 1", "")
    assert second.text.endswith("\nwhat a comment says in words")
    assert second.note.startswith("another attempt begins: ")


async def test_checks_and_patches_are_told_whole_with_what_speaks_against_them(kept: Kept) -> None:
    await kept.scribe.checked("try 1", Ran("make", 2, None, None, "x" * 10_000, 1.0))
    await kept.scribe.patched("try 1", "diff --git", (Refusal("a.py", "is core"), Refusal("", "it is too long")))
    await kept.scribe.patched("try 2", "diff --git", ())

    check, refused, taken = kept.entries
    assert check.text == f"$ make\n(exit status 2)\n{'x' * 10_000}"
    assert refused.note == "refused:\na.py: is core\nthe patch: it is too long"
    assert (refused.kind, refused.text, taken.note) == (EntryKind.PATCH, "diff --git", "")


async def test_where_it_cannot_be_written_the_log_says_so_and_nothing_else_happens(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.transcripts.away = True
    await kept.scribe.reported("Fixed.")

    assert kept.entries == []
    assert f"the transcript of run {RUN} lacks an entry (report): Redis cannot be reached" in caplog.text
