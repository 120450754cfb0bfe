"""A small repository and a scripted full review of it, as recorded in tests/samples/sessions/full-review.jsonl.

The recording goes through every kind of call: light, standard and core reviewers with tools, the blind security pass,
judges that keep, lower and drop, the look across, a proof with commands. After a change of what reviewers are asked,
record it anew and read the difference:

    .venv/bin/python -m tests.recorded_review
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.cli.session_files import new_session_file
from app.domain.errors import SandboxUnavailable
from app.domain.patches import Collected
from app.domain.policy import POLICY_PATH
from app.domain.pull_request import Sha
from app.domain.sandbox import Command, Ended, Isolation, Mode, Stream
from app.ports import Output, Sandbox, Sandboxes, Tree
from app.settings import Settings
from app.wiring.local import Looked, Range, review_locally
from tests.fakes.github.fast_import import write_commit
from tests.fakes.github.git_store import EPOCH, GitStore
from tests.fakes.model import Answer, FakeModel, Reviewer, ToolCall
from tests.fakes.model.replies import Reply
from tests.fakes.model.reviewer import claim, confirm, reject
from tests.fakes.model.schemas import JsonObject
from tests.fakes.model.seen import Seen

FILE = Path(__file__).parent / "samples" / "sessions" / "full-review.jsonl"
SECRET = "ghp_" + "Zk3vR8qLw2Tn6Yb1Xc9Md4Hs7Fg0JpUaEiOt"
"""Made up; it stands in a file that reviewers look at, and in what a command prints."""

KEY = "canary-key-of-the-recording"
_POLICY = """version: 1
tiers:
  light: ["docs/**"]
  core: [{paths: ["app/auth.py"], reason: "Who may log in."}]
"""
_BILLING = "def total(items):\n    return sum(item.cents for item in items)\n"
_MEAN = "\n\ndef mean(items):\n    return total(items) // len(items)\n"
_SHARE = "\n\ndef share(items, n):\n    return total(items) / n\n"
_BASE = {
    POLICY_PATH: _POLICY,
    "AGENTS.md": "# For agents\n\nMoney is in cents.\n",
    "README.md": "# Shop\n",
    "docs/guide.md": "# Guide\n\nPay by card.\n",
    "app/auth.py": f'TOKEN = "{SECRET}"\n\n\ndef allowed(user, level):\n    return user.level >= level\n',
    "app/billing.py": _BILLING,
}
_HEAD = {
    "docs/guide.md": "# Guide\n\nPay by card or by invoice.\n",
    "app/auth.py": f'TOKEN = "{SECRET}"\n\n\ndef allowed(user, level):\n    if user.name == "":\n        return True\n'
    "    return user.level > level\n",
    "app/billing.py": _BILLING + _MEAN + _SHARE,
}
_FOUND = {
    "len(items)": {"title": "Division by zero for no items", "severity": "P1", "body": "`mean([])` fails."},
    "total(items) / n": {"title": "Division by zero for n = 0", "severity": "P2", "body": "`share(items, 0)` fails."},
    "user.level > level": {"title": "The level itself is refused", "severity": "P1", "body": "`>=` became `>`."},
    "invoice": {"title": "Invoices are not built yet", "severity": "P3", "body": "Nothing sends an invoice."},
}
_NAMELESS: Mapping[str, JsonObject] = {
    'user.name == ""': {
        "title": "A user without a name may do all",
        "severity": "P0",
        "body": "The name is not checked.",
    }
}
_TEST = "python -c 'import app.auth'"
_PROOF = "python proof.py"
_SHOWN = "refused at the level itself"


def make_repository(path: Path, *, core: bool = True) -> Path:
    """A bare repository with the branches main and feature: the same commits each time. `core`: with a policy."""
    store = GitStore.create(path, default_branch="main")
    files = _BASE if core else {path: text for path, text in _BASE.items() if path != POLICY_PATH}
    base = _commit(store, "main", files, "Begin", None)
    _commit(store, "feature", _HEAD, "Add means and shares", base)
    return path


def _commit(store: GitStore, branch: str, files: Mapping[str, str], message: str, parent: str | None) -> str:
    person = "Ann <ann@example.org>"
    ref = f"refs/heads/{branch}"
    return write_commit(store, ref, files=files, modes={}, message=message, person=person, date=EPOCH, parent=parent)


def answer(seen: Seen) -> Reply:
    """What the scripted model says, by task; reviewers look around first."""
    reviewer = Reviewer(_FOUND, security=_NAMELESS, judge=_judge, prove=_prove, summary="Adds means and shares.")
    if seen.turn == 0 and "run" in seen.tool_names and seen.task == "review":
        return Answer(tool_calls=(_read("app/auth.py"), ToolCall("run", {"command": _TEST})))
    if seen.turn == 0 and "run" in seen.tool_names and seen.task == "security":
        return Answer(
            tool_calls=(ToolCall("run", {"command": _TEST}), ToolCall("grep", {"pattern": "allowed", "glob": ""}))
        )
    if seen.turn == 0 and seen.tool_names and seen.task == "review":
        return Answer(tool_calls=(_read("app/billing.py"), ToolCall("list", {"directory": "app"})))
    return reviewer(seen)


def _read(path: str) -> ToolCall:
    return ToolCall("read_file", {"path": path, "start_line": 1, "end_line": 40})


def _judge(seen: Seen) -> Reply:
    """Keeps most claims, lowers one, and drops the one that only foretells."""
    match (claim(seen) or {}).get("title"):
        case "Invoices are not built yet":
            return reject(seen)
        case "A user without a name may do all":
            reply = confirm(seen)
            assert isinstance(reply, Answer)
            return Answer(json.loads(json.dumps(reply.data).replace('"P0"', '"P1"')))
        case _:
            return confirm(seen)


def _prove(seen: Seen) -> Reply:
    if "The level itself is refused" not in seen.task_message:
        return Answer({"command": None, "files": [], "expected": "", "why_not": "It needs a whole shop."})
    file = {"path": "proof.py", "text": "from app.auth import allowed\n"}
    return Answer({"command": _PROOF, "files": [file], "expected": _SHOWN, "why_not": ""})


@dataclass(slots=True)
class PlayedSandboxes:
    """Implements ports.Sandboxes."""

    head: Sha
    gone: bool = False
    """Whether no sandbox is to be had."""
    ran: list[tuple[Sha, tuple[str, ...]]] = field(default_factory=list)

    async def isolation(self) -> Isolation:
        return Isolation(mode=Mode.FULL, reason="played", remedy="", cgroup="none", own_user=False)

    @contextlib.asynccontextmanager
    async def open(self, tree: Tree, *, git: bool = False) -> AsyncIterator[Sandbox]:
        if self.gone:
            raise SandboxUnavailable("the runner of sandboxes is gone")
        yield _Played(self, tree.commit)


@dataclass(slots=True)
class _Played:
    of: PlayedSandboxes
    commit: Sha
    has_git: bool = False

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        self.of.ran.append((self.commit, command.argv))
        printed = f"token {SECRET}\n"
        if command.argv[-1] == _PROOF:
            printed = f"{_SHOWN}\n" if self.commit == self.of.head else "ok\n"
        if output is not None:
            await output(Stream.OUT, printed.encode())
        return Ended(status=0, signal=None, limit=None, seconds=0.25, output_bytes=len(printed))

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        raise FileNotFoundError(path)

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """Nothing reads it."""

    async def delete(self, path: str) -> None:
        raise FileNotFoundError(path)

    async def collect(self, declared: Collection[str]) -> Collected:
        raise FileNotFoundError(str(declared))


def settings(model: FakeModel, **changes: str) -> Settings:
    """Those of a small deployment."""
    prices = {name: {"input": 1.25, "cached": 0.125, "output": 10.0} for name in ("fast", "main", "deep")}
    environ = {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": model.base_url,
        "REVWRIGHT_MODEL_API": "responses",
        "REVWRIGHT_MODEL_FAST": "fast",
        "REVWRIGHT_MODEL_MAIN": "main",
        "REVWRIGHT_MODEL_DEEP": "deep",
        "REVWRIGHT_MODEL_PRICES": json.dumps(prices),
        "HOME": "/nonexistent",
    }
    return Settings.from_environment(environ | changes)


async def record(repository: Path, model: FakeModel, sandboxes: PlayedSandboxes | None = None) -> Looked:
    """The review of the feature branch, recorded."""
    where = Range(repository, "main", "feature")
    played = sandboxes or PlayedSandboxes(head_of(repository))

    @contextlib.asynccontextmanager
    async def boxes(_: Settings) -> AsyncIterator[Sandboxes]:
        yield played

    return await review_locally(settings(model), where, static=False, record=True, open_boxes=boxes)


def head_of(repository: Path) -> Sha:
    return Sha(GitStore(repository).resolve("feature") or "")


def scripted_model() -> FakeModel:
    """Not caching: which of two calls at the same time comes first would show."""
    return FakeModel(answer, api_key=KEY, models=("fast", "main", "deep"), caching=False)


def write() -> None:
    """Records FILE anew."""
    model = scripted_model()
    with tempfile.TemporaryDirectory() as folder, model.serving():
        looked = asyncio.run(record(make_repository(Path(folder) / "shop.git"), model))
    assert looked.session is not None
    FILE.unlink(missing_ok=True)
    with new_session_file(FILE) as keep:
        keep(looked.session)
    FILE.chmod(0o644)


if __name__ == "__main__":
    write()
