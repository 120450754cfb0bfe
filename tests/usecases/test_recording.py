"""What is recorded of models and sandboxes, and how it is played back: every outcome, there and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from app.domain.errors import (
    BudgetRefused,
    ModelContextFull,
    ModelRejected,
    ModelUnavailable,
    RevwrightError,
    SandboxRefused,
    SandboxUnavailable,
)
from app.domain.model import (
    AnswerSchema,
    Completion,
    Feature,
    Message,
    ModelRequest,
    ModelTry,
    Role,
    StopReason,
    ToolCall,
    ToolSpec,
    Usage,
)
from app.domain.patches import Collected, Patch
from app.domain.prices import Price
from app.domain.sandbox import Command, Ended, Isolation, Mode, Stream
from app.domain.session import Header, Session
from app.domain.session_diff import Change, State
from app.domain.session_file import lines, read
from app.domain.session_text import overview
from app.ports import Output, Sandbox, Tree
from app.usecases.recording import RecordingModel, RecordingSandboxes
from app.usecases.replaying import Compared, RecordedAnswers, ReplayModel, ReplaySandboxes
from tests.build import BASE, HEAD
from tests.fakes.repository import FakeTree
from tests.fakes.scripted_model import ScriptedModel, says

HEADER = Header(
    version="1",
    base=BASE,
    head=HEAD,
    fast="f",
    main="m",
    deep="d",
    chains=(("m", ("m", "f")),),
    prices=(("m", Price(1.0, 0.5, 2.0)),),
    limits=(("steps", 3.0),),
    group_characters=100,
    max_groups=2,
    cap_usd=None,
    sandbox=True,
    parser=False,
)
REQUEST = ModelRequest(
    model="m",
    messages=(Message(Role.SYSTEM, "be good"), Message(Role.USER, "a\nb\nc")),
    schema=AnswerSchema("notes", {"type": "object"}),
    max_output_tokens=100,
    timeout_seconds=1.0,
    tools=(ToolSpec("grep", "Finds.", {"type": "object"}),),
    label="light 1/1, step 1",
)
ENDED = Ended(status=1, signal=None, limit=None, seconds=0.5, output_bytes=9)
ISOLATION = Isolation(mode=Mode.FULL, reason="all", remedy="", cgroup="v2", own_user=True)


def there_and_back(session: Session) -> Session:
    """Through the file."""
    session.report = session.report or {}
    return read(lines(session))


def replaying(session: Session) -> ReplayModel:
    return ReplayModel(session, RecordedAnswers(session))


async def outcome(model: ReplayModel | RecordingModel, request: ModelRequest = REQUEST) -> Completion | RevwrightError:
    try:
        return await model.complete(request)
    except RevwrightError as error:
        return error


async def test_an_answer_is_played_back_but_for_time_and_the_ids_of_its_server() -> None:
    given = Completion(
        text="half \ud800",
        stop=StopReason.COMPLETE,
        usage=Usage(5, 1, 2),
        model="served",
        calls=(ToolCall("srv_1", "grep", "{}"),),
        tries=(ModelTry("m", Usage(5, 1, 2, known=False), 3.5),),
        without=frozenset({Feature.SCHEMA}),
    )
    session = Session(HEADER)
    assert await outcome(RecordingModel(ScriptedModel([given]), session)) == given

    played = replaying(there_and_back(session))
    expected = replace(given, calls=(ToolCall("", "grep", "{}"),), tries=(ModelTry("m", given.tries[0].usage, 0.0),))
    assert await outcome(played) == expected
    assert played.compared() == (Compared(REQUEST.label, State.SAME),)


def _tried(error: ModelUnavailable | ModelRejected) -> RevwrightError:
    error.tries = (ModelTry("m", Usage(1, 0, 0), 0.0),)
    return error


@pytest.mark.parametrize(
    "error",
    [
        _tried(ModelUnavailable("down", retry_after_seconds=7.0, usage=Usage(1, 0, 0))),
        _tried(ModelRejected("no such model", unknown_model=True)),
        ModelContextFull("too long"),
        BudgetRefused("the cap is reached"),
    ],
)
async def test_a_failure_is_played_back_as_it_was(error: RevwrightError) -> None:
    session = Session(HEADER)
    assert await outcome(RecordingModel(ScriptedModel([error]), session)) is error

    again = there_and_back(session)
    played = await outcome(replaying(again))
    assert type(played) is type(error)
    assert str(played) == str(error)
    names = ("retry_after_seconds", "usage", "unknown_model", "tries")
    assert {n: getattr(played, n, None) for n in names} == {n: getattr(error, n, None) for n in names}
    assert again.refused == (str(error) if isinstance(error, BudgetRefused) else "")
    with pytest.raises(type(error)):
        await RecordedAnswers(again).complete(REQUEST)
    assert f"=> no answer ({next(iter(again.calls.values())).outcome.kind}): {error}" in "\n".join(overview(again))  # type: ignore[union-attr]


@dataclass
class _Hanging:
    async def complete(self, request: ModelRequest) -> Completion:
        await asyncio.Event().wait()
        raise AssertionError(request)


async def test_a_call_that_was_broken_off_has_no_answer_to_play() -> None:
    session = Session(HEADER)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await RecordingModel(_Hanging(), session).complete(REQUEST)

    played = await outcome(replaying(there_and_back(session)))
    assert isinstance(played, ModelUnavailable)
    assert str(played) == "the call was broken off when the review was recorded"


async def test_two_calls_of_one_name_are_a_fault_of_ours_and_not_recorded_as_one() -> None:
    model = RecordingModel(ScriptedModel([says("a"), says("b")]), Session(HEADER))
    await model.complete(REQUEST)
    with pytest.raises(ValueError, match="there are two calls 'light 1/1, step 1'"):
        await model.complete(REQUEST)


async def test_every_part_of_a_question_that_is_another_is_told() -> None:
    session = Session(HEADER)
    await RecordingModel(ScriptedModel([says("a")]), session).complete(REQUEST)
    called = Message(Role.ASSISTANT, "", calls=(ToolCall("c1", "grep", "{}"),))
    now = replace(
        REQUEST,
        model="n",
        tools=(),
        schema=AnswerSchema("other", {}),
        max_output_tokens=50,
        messages=(REQUEST.messages[0], Message(Role.USER, "a\nx\nc"), called, Message(Role.TOOL, "hit", call_id="c1")),
    )
    played = replaying(session)
    await played.complete(now)
    await outcome(played, replace(REQUEST, label="judge 1, step 1"))

    changed, new = played.compared()
    assert (changed.state, new) == (State.CHANGED, Compared("judge 1, step 1", State.NEW))
    assert [one.part for one in changed.changes] == [
        "model",
        "tools",
        "form of the answer",
        "most output tokens",
        "messages 2 to 4",
    ]
    assert changed.changes[0] == Change("model", "--- recorded\n+++ now\n@@ -1 +1 @@\n-m\n+n")
    assert changed.changes[-1].diff.split("\n")[2:] == [
        "@@ -1,4 +1,8 @@", " [user]", " a", "-b", "+x", " c", "+[assistant]", "+-> grep {} (c1)", "+[tool c1]", "+hit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "part"), [((0,), "no more messages after message 1"), ((1,), "no more messages at the beginning")]
)
async def test_messages_that_are_gone_are_told(kept: tuple[int, ...], part: str) -> None:
    session = Session(HEADER)
    await RecordingModel(ScriptedModel([says("a")]), session).complete(REQUEST)
    played = replaying(session)
    await played.complete(replace(REQUEST, messages=tuple(REQUEST.messages[at] for at in kept)))

    assert [one.part for one in played.compared()[0].changes] == [part]


@dataclass
class _Boxes:
    """Implements ports.Sandboxes with one answer for everything."""

    trouble: RevwrightError | None = None
    opens: bool = True
    printed: bytes = b""
    done: list[str] = field(default_factory=list)
    has_git: bool = True

    async def isolation(self) -> Isolation:
        if self.trouble:
            raise self.trouble
        return ISOLATION

    @contextlib.asynccontextmanager
    async def open(self, tree: Tree, *, git: bool = False) -> AsyncIterator[Sandbox]:
        if self.trouble and not self.opens:
            raise self.trouble
        yield self

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        if self.trouble:
            raise self.trouble
        assert output is not None
        await output(Stream.OUT, self.printed[:5])
        await output(Stream.OUT, self.printed[5:])
        return ENDED

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        return path.encode()[:max_bytes]

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        self.done.append(f"write {path} {content!r} {executable}")

    async def delete(self, path: str) -> None:
        self.done.append(f"delete {path}")

    async def collect(self, declared: object) -> Collected:
        return Collected(Patch(HEAD, ()), (), ())


COMMAND = Command(argv=("sh", "-c", "true"), label="core 1/1")


async def ran(sandboxes: RecordingSandboxes | ReplaySandboxes, command: Command = COMMAND) -> tuple[Ended, bytes]:
    told = bytearray()

    async def hear(_: Stream, chunk: bytes) -> None:
        told.extend(chunk)

    async with sandboxes.open(FakeTree(HEAD)) as sandbox:
        await sandbox.run(command, hear)
        return await sandbox.run(command), bytes(told)


async def test_a_command_prints_without_secrets_when_it_is_recorded_and_the_same_when_it_is_played() -> None:
    secret = "ghp_" + "Zk3vR8qLw2Tn6Yb1Xc9Md4Hs7Fg0JpUaEiOt"
    session = Session(HEADER)
    recording = RecordingSandboxes(_Boxes(printed=f"key {secret}\nh\xe9".encode()), session)
    expected = (ENDED, "key [secret: github token]\nhé".encode())
    assert await recording.isolation() == ISOLATION
    assert await ran(recording) == expected

    again = there_and_back(session)
    assert secret not in "".join(lines(again))
    replayed = ReplaySandboxes(again)
    assert (await replayed.isolation()).mode is Mode.FULL
    assert replayed.compared() == (Compared("core 1/1: sh -c true", State.MISSING),) * 2
    assert await ran(replayed) == expected
    assert replayed.compared() == ()
    with pytest.raises(SandboxRefused, match="not in the recording"):
        await ran(replayed)
    assert replayed.compared() == (Compared("core 1/1: sh -c true", State.NEW),)
    assert "exit status 1 after 0.5 s\nkey [secret: github token]" in "\n".join(overview(again))


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize("error", [SandboxUnavailable("gone"), SandboxRefused("no")])
async def test_a_sandbox_that_was_not_to_be_had_is_not_to_be_had_again(error: RevwrightError, *, opens: bool) -> None:
    session = Session(HEADER)
    recording = RecordingSandboxes(_Boxes(error, opens=opens), session)
    again: list[type[BaseException]] = []
    for sandboxes in (recording, None):
        played = sandboxes or ReplaySandboxes(there_and_back(session))
        for asked in (played.isolation(), ran(played)):
            with pytest.raises(RevwrightError, match=str(error)) as raised:
                await asked
            again.append(raised.type)
    assert set(again) == {type(error)}
    text = "\n".join(overview(session))
    assert (f"not run: {error}" in text) == opens


async def test_what_isolates_is_not_known_where_nobody_asked() -> None:
    with pytest.raises(SandboxRefused, match="was not asked"):
        await ReplaySandboxes(Session(HEADER)).isolation()


async def test_files_go_through_a_recorded_sandbox_and_are_not_there_in_a_replay() -> None:
    boxes = _Boxes()
    async with RecordingSandboxes(boxes, Session(HEADER)).open(FakeTree(HEAD)) as sandbox:
        assert sandbox.has_git
        assert await sandbox.read("a.py", max_bytes=2) == b"a."
        await sandbox.write("a.py", b"x", executable=True)
        await sandbox.delete("b.py")
        assert (await sandbox.collect(())).patch.base == HEAD
    assert boxes.done == ["write a.py b'x' True", "delete b.py"]

    async with ReplaySandboxes(Session(HEADER)).open(FakeTree(HEAD)) as sandbox:
        await sandbox.write("a.py", b"x")
        await sandbox.delete("b.py")
        for asked in (sandbox.read("a.py", max_bytes=2), sandbox.collect(())):
            with pytest.raises(SandboxRefused, match="not recorded"):
                await asked


async def test_a_command_is_played_back_to_the_task_that_ran_it() -> None:
    session = Session(HEADER)
    for label, printed in (("core 1/1", b"1 passed in 0.1s"), ("security 1/1", b"1 passed in 0.2s")):
        recording = RecordingSandboxes(_Boxes(printed=printed), session)
        await ran(recording, replace(COMMAND, label=label))

    replayed = ReplaySandboxes(there_and_back(session))
    assert (await ran(replayed, replace(COMMAND, label="security 1/1")))[1] == b"1 passed in 0.2s"
    assert (await ran(replayed))[1] == b"1 passed in 0.1s"
