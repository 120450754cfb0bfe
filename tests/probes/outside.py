"""The host side under probe: a store, a workspace that a hostile command has left, and what is collected from it."""

from __future__ import annotations

import base64
import binascii
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.probes import running
from tests.probes.probe import Finding, Skipped, verdict
from tests.probes.running import Ran
from tests.probes.site import Site, tool
from tests.probes.template import Template

HONEST = "src/app.py"
"""The file that an honest command has edited; what it wrote has to come out."""
WRITTEN = "print('fixed')\n"

_BASE: Mapping[str, str] = {
    "README.md": "# A project\n",
    HONEST: "print('broken')\n",
    "src/other.py": "print('other')\n",
    "src/data.flt": "data\n",
    "deep/er/file.txt": "text\n",
}
_GIT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_TERMINAL_PROMPT": "0",
}


def git(folder: Path, *arguments: str, given: bytes | None = None) -> str:
    """Git as an author uses it, to prepare what is probed. CalledProcessError when it fails."""
    argv = [tool("git"), "-c", "init.defaultBranch=main", *arguments]
    ended = subprocess.run(argv, cwd=folder, env=_GIT, input=given, capture_output=True, check=True, timeout=60)
    return ended.stdout.decode(errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class Left:
    """A workspace with a repository of its own in it, its store, and a payload that tells when it is run."""

    site: Site
    folder: Path
    """Holds everything here."""
    workspace: Path
    store: Path
    base: str

    @property
    def payload(self) -> Path:
        return self.folder / "payload"

    @property
    def ran(self) -> str:
        """What the payload wrote down, empty when it was never run."""
        marker = self.folder / "ran"
        return marker.read_text() if marker.exists() else ""

    def configure(self, text: str, folder: str = ".git") -> None:
        """Add to a repository's configuration; PAYLOAD stands for the path of the payload."""
        with (self.workspace / folder / "config").open("a") as file:
            file.write(text.replace("PAYLOAD", str(self.payload)))

    def edit(self, path: str, text: str) -> None:
        """As an honest command would."""
        file = self.workspace / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@contextmanager
def left(site: Site) -> Iterator[Left]:
    """A workspace as it is before anything was planted; the honest edit is made."""
    with site.workspace() as folder:
        workspace, store = folder / "ws", folder / "store.git"
        workspace.mkdir()
        for path, text in _BASE.items():
            file = workspace / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        git(workspace, "init", "-q")
        git(workspace, "add", "-A")
        git(workspace, "commit", "-qm", "base")
        base = git(workspace, "rev-parse", "HEAD").strip()
        git(folder, "clone", "-q", "--bare", "--no-hardlinks", str(workspace), str(store))
        made = Left(site, folder, workspace, store, base)
        made.payload.write_text(f'#!/bin/sh\necho "$0 $*" >> {folder / "ran"}\ncat\n')
        made.payload.chmod(0o755)
        made.edit(HONEST, WRITTEN)
        yield made


@dataclass(frozen=True, slots=True)
class Took:
    """What a collector gave."""

    ran: Ran
    paths: tuple[str, ...]
    """Of the edits that would become a commit."""
    text: str
    """All it printed, with everything in it decoded."""

    @property
    def refused(self) -> bool:
        """It says in its own words that it does not take this workspace or these edits."""
        return self.ran.status not in {0, None} and "Traceback" not in self.ran.err


def collect(left: Left, edited: Sequence[str] = (HONEST,)) -> Took:
    """Run the collector under probe."""
    template = _template(left.site.launchers.collect, "--collect")
    lists = {"edited": [word for path in edited for word in ("--edited", path)]}
    texts = {"workspace": str(left.workspace), "store": str(left.store), "base": left.base}
    ran = _run(left.site, template.expand(texts, lists))
    told: dict[str, Any] = {}
    if ran.out.strip():
        try:
            told = json.loads(ran.out)
        except ValueError as error:
            raise RuntimeError(f"the collector's answer is no JSON: {error}; {ran.told}") from error
    return Took(ran, paths_of(told), f"{ran.out}\n{ran.err}\n{decoded(told)}")


def paths_of(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths of the edits in a collector's answer."""
    patch = told.get("patch", told)
    return tuple(edit["path"] for edit in patch.get("edits", ()))


def decoded(told: object) -> str:
    """All texts in an answer, also those in base64."""
    match told:
        case dict():
            return "\n".join(decoded(item) for item in told.values())
        case list():
            return "\n".join(decoded(item) for item in told)
        case str():
            try:
                return told + "\n" + base64.b64decode(told, validate=True).decode(errors="replace")
            except (binascii.Error, ValueError):
                return told
        case _:
            return ""


def apply(left: Left, patch: bytes) -> Ran:
    """Run the applier under probe on a diff."""
    template = _template(left.site.launchers.apply, "--apply")
    file = left.folder / "edits.diff"
    file.write_bytes(patch)
    return _run(left.site, template.expand({"store": str(left.store), "base": left.base, "patch": str(file)}, {}))


def remove(left: Left) -> Ran:
    """Run under probe what removes a workspace."""
    template = _template(left.site.launchers.remove, "--remove")
    return _run(left.site, template.expand({"workspace": str(left.workspace)}, {}))


def _template(template: Template | None, option: str) -> Template:
    if template is None:
        raise Skipped(f"no {option} template was given")
    return template


def _run(site: Site, argv: list[str]) -> Ran:
    process = running.start(argv, environment=site.environment, cwd=site.home)
    ran = running.finish(process, site.launchers.host_seconds)
    running.end_session(process.pid)  # what a careless one has started may wait for ever
    return ran


def planted(site: Site, *plants: Callable[[Left], None]) -> Finding:
    """Collect after each way to plant a program: it must not be run, and the honest edit has to come out."""
    problems = []
    for plant in plants:
        which = f" ({plant.__name__.strip('_')})" if len(plants) > 1 else ""
        with left(site) as it:
            plant(it)
            took = collect(it)
            if it.ran:
                problems.append(f"a program of the workspace was run{which}: {it.ran.splitlines()[0][-80:]}")
            if site.canary in took.text:
                problems.append(f"a secret came out{which}")
            if HONEST not in took.paths:
                problems.append(f"the honest edit did not come out{which}: {took.ran.told}")
    return verdict(problems, f"nothing was run, the edit came out; {len(plants)} ways to plant it")


def swap(first: Path, second: Path) -> None:
    """Exchange two names at once (renameat2 with RENAME_EXCHANGE is not in every kernel: three renames)."""
    spare = first.with_name(first.name + ".spare")
    first.rename(spare)
    second.rename(first)
    spare.rename(second)
