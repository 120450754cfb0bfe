"""The git half of GitHub, which the emulator lacks: its own commits, copied object by object and served over HTTP.

The emulator computes ids as git does, so a copy has the ids that its pull requests name; each object is checked for it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.fakes.github.git_store import GitStore, git_environment
from tests.foreign.emulator import REPOSITORY, Emulator
from tests.foreign.serving import serving


@dataclass
class GitSide:
    """Serves the copy to whoever's token reads the repository's contents on the emulator."""

    emulator: Emulator
    folder: Path
    url: str = ""
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self._store = GitStore.create(self.folder, default_branch="main")
        route = Route(f"/{REPOSITORY}.git/{{rest:path}}", self._answer, methods=["GET", "POST"])
        self.url = self._stack.enter_context(serving(Starlette(routes=[route])))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def copy(self, sha: str, ref: str) -> None:
        """Copies a commit with its history, and lets a ref point to it."""
        self._copy_commit(sha)
        self._store.set_ref(ref, sha)

    def _copy_commit(self, sha: str) -> None:
        commit = self.emulator.get(f"/repos/{REPOSITORY}/git/commits/{sha}")
        for parent in commit["parents"]:
            self._copy_commit(parent["sha"])
        self._copy_tree(commit["tree"]["sha"])
        self._write("commit", _commit_object(commit), sha)

    def _copy_tree(self, sha: str) -> None:
        entries = self.emulator.get(f"/repos/{REPOSITORY}/git/trees/{sha}")["tree"]
        for entry in entries:
            if entry["type"] == "tree":
                self._copy_tree(entry["sha"])
            else:
                blob = self.emulator.get(f"/repos/{REPOSITORY}/git/blobs/{entry['sha']}")
                self._write("blob", base64.b64decode(blob["content"]), entry["sha"])
        lines = "".join(f"{e['mode']} {e['type']} {e['sha']}\t{e['path']}\n" for e in entries)
        assert self._store.run("mktree", stdin=lines.encode()).decode().strip() == sha

    def _write(self, kind: str, content: bytes, sha: str) -> None:
        written = self._store.run("hash-object", "-t", kind, "-w", "--stdin", stdin=content).decode().strip()
        assert written == sha, f"the emulator calls a {kind} {sha} whose content git calls {written}"

    async def _answer(self, request: Request) -> Response:
        token = _token(request.headers.get("authorization", ""))
        if token is None:
            return Response("Authentication required", 401, {"WWW-Authenticate": 'Basic realm="GitHub"'})
        if not await self._may_read(token):
            return Response("Forbidden", 403)
        return await self._run_git(request)

    async def _may_read(self, token: str) -> bool:
        headers = {"Authorization": f"token {token}"}
        async with httpx.AsyncClient(base_url=self.emulator.url, headers=headers, trust_env=False) as client:
            return (await client.get(f"/repos/{REPOSITORY}/contents/README.md")).is_success

    async def _run_git(self, request: Request) -> Response:
        """git's own CGI program. Source: git's manual, git-http-backend(1)."""
        body = await request.body()
        environment = git_environment() | {
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": "/" + request.path_params["rest"],
            "QUERY_STRING": request.url.query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            "git", "http-backend", stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, env=environment
        )
        printed, _ = await process.communicate(body)
        head, _, content = printed.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        return Response(content, status, headers)


def _token(authorization: str) -> str | None:
    """The password of Basic credentials, as git sends a token."""
    scheme, _, credentials = authorization.partition(" ")
    try:
        _, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if scheme.lower() == "basic" and colon else None


def _commit_object(commit: dict[str, Any]) -> bytes:
    lines = [f"tree {commit['tree']['sha']}", *(f"parent {parent['sha']}" for parent in commit["parents"])]
    for role in ("author", "committer"):
        person = commit[role]
        seconds = int(datetime.fromisoformat(person["date"]).timestamp())
        lines.append(f"{role} {person['name']} <{person['email']}> {seconds} +0000")
    return ("\n".join(lines) + f"\n\n{commit['message']}\n").encode()
