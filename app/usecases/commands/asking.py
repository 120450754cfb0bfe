"""`ask`: a question about the code, answered by a model that can only read, at the head of this moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.domain.asking import ASK_SCHEMA, Told, decode_told, standing
from app.domain.commands import Ask
from app.domain.entries import Kind
from app.domain.findings import Quote
from app.domain.jobs import JobKind, RowKey
from app.domain.messages import commands as words
from app.domain.messages.origin import Origin
from app.domain.model import Message, Role
from app.domain.money import caps_for
from app.domain.prompting.templates import user_message
from app.domain.shown import real_paths, shown_path
from app.domain.snapshot import Snapshot
from app.ports import Code
from app.usecases.agent import AgentLimits, Task, Unfinished, work
from app.usecases.commands.scene import Answer, Scene
from app.usecases.metered import MeteredModel
from app.usecases.policies import opened
from app.usecases.review.crew import ModelChoice
from app.usecases.review.gather import gather
from app.usecases.review.remembered import RememberedModel
from app.usecases.tools import Reads, reading_tools

SECONDS = 80.0
"""A question is answered within the time of one attempt at the job, or not at all."""
STEPS = 12
TOKENS = 300_000
_FILE_BYTES = 1024 * 1024
_MAX_PATHS = 200


async def ask(scene: Scene, command: Ask) -> Answer:
    """Under the budget of the pull request. Only quotes that stand in the code become links."""
    choice = scene.parts.engine.choice
    if choice is None:
        return Answer(words.no_model(), done=False)
    pull, parts = scene.pull, scene.parts
    repository, above = await opened(parts.ceilings, parts.mirrors, pull)
    snapshot = await gather(
        repository,
        parts.ceilings.parse,
        base=pull.base_sha,
        head=pull.head_sha,
        title=pull.title,
        body=pull.body,
        above=above,
    )
    names = real_paths(entry.path for entry in snapshot.entries)
    result = await _asked(scene, choice, _task(scene, command, snapshot, repository))
    if isinstance(result, Unfinished):
        return Answer(words.no_answer(result.reason), done=False)
    quotes = tuple(replace(quote, path=names.get(quote.path, quote.path)) for quote in result.quotes)
    proven = standing(quotes, await _files(repository, snapshot, quotes))
    origin = Origin("", parts.github_url, pull.repository, pull.head_sha)
    return Answer(words.told(result.answer, proven, origin))


async def _asked(scene: Scene, choice: ModelChoice, task: Callable[[ModelChoice], Task[Told]]) -> Told | Unfinished:
    """What an earlier attempt was answered is not asked again."""
    parts, ref = scene.parts, scene.pull.ref
    caps = caps_for(scene.policy.limits, parts.deployment_caps)
    meter = MeteredModel(choice.model, parts.purse, ref, caps, choice.prices, chains=choice.chains)
    row = RowKey(JobKind.COMMAND, ref)
    model = RememberedModel(meter, parts.answers, row, choice.prices)
    try:
        result = await work(model, task(choice), _limits(choice.limits), parts.engine.texts)
    finally:
        if meter.calls:
            await scene.progress.spent(meter.uses())
    return result if isinstance(result, Unfinished) else result.value


def _limits(limits: AgentLimits) -> AgentLimits:
    return replace(
        limits,
        steps=min(limits.steps, STEPS),
        total_tokens=min(limits.total_tokens, TOKENS),
        seconds=min(limits.seconds, SECONDS),
        call_seconds=min(limits.call_seconds, SECONDS),
    )


def _task(scene: Scene, command: Ask, snapshot: Snapshot, code: Code) -> Callable[[ModelChoice], Task[Told]]:
    engine, texts = scene.parts.engine, scene.parts.ask_texts
    paths = [shown_path(entry.path) for entry in snapshot.entries]
    more = [f"… and {len(paths) - _MAX_PATHS} more"] if len(paths) > _MAX_PATHS else []
    question = user_message(
        texts.task, [("question", command.question), ("changed files", "\n".join([*paths[:_MAX_PATHS], *more]))]
    )

    def made(choice: ModelChoice) -> Task[Told]:
        return Task(
            label="ask",
            model=choice.main,
            messages=(Message(Role.SYSTEM, texts.system), question),
            schema=ASK_SCHEMA,
            decode=decode_told,
            tools=reading_tools(code, engine.parser, engine.compile_pattern, snapshot, Reads()),
            cache_key=f"revwright-{scene.pull.ref.repository_id}",
        )

    return made


async def _files(code: Code, snapshot: Snapshot, quotes: tuple[Quote, ...]) -> dict[str, str]:
    paths = tuple(sorted({quote.path for quote in quotes}))
    blobs = await code.blobs(snapshot.head, paths, max_bytes=_FILE_BYTES) if paths else {}
    regular = (Kind.FILE, Kind.EXECUTABLE)
    return {p: blob.text_bytes.decode("utf-8", "replace") for p, blob in blobs.items() if blob.kind in regular}
