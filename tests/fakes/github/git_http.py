"""Git over HTTP: ``git http-backend`` behind tokens, and pull requests that follow what is pushed."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from tests.fakes.github import receiving, workflows
from tests.fakes.github.auth import Actor, InstallationCaller, actor_from_basic
from tests.fakes.github.errors import GitHubError
from tests.fakes.github.git_store import git_environment
from tests.fakes.github.records import GitCall

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub

_PATH: Final = re.compile(
    r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?(?P<rest>/(?:info/refs|git-upload-pack|git-receive-pack))"
)
_CHUNK: Final = 64 * 1024
_PUSH: Final = "git-receive-pack"
_CHALLENGE: Final = {"www-authenticate": 'Basic realm="GitHub"'}


@dataclass(slots=True)
class Running:
    """An answer that git is still writing."""

    process: asyncio.subprocess.Process
    feeding: asyncio.Task[None]
    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, as it comes."""
        assert self.process.stdout is not None
        while chunk := await self.process.stdout.read(_CHUNK):
            yield chunk
        await self.feeding
        await self.process.wait()


@dataclass(slots=True)
class GitResponse:
    """An ASGI response: streamed, except that a push is announced before its answer ends."""

    running: Running
    fake: FakeGitHub
    pushed: Repository | None
    actor: Actor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.running.status, "headers": self.running.headers})
        if self.pushed is not None:
            answer = b"".join([chunk async for chunk in self.running.chunks()])
            chunk = receiving.in_githubs_words(answer)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        else:
            async for chunk in self.running.chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await asyncio.to_thread(self._announce)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def discard(self) -> None:
        """Let git finish without sending its answer."""
        async for _ in self.running.chunks():
            pass
        await asyncio.to_thread(self._announce)

    def _announce(self) -> None:
        if self.pushed is not None:
            with self.fake.lock:
                self.pushed.take_refs(sender=self.actor.user)


@dataclass(slots=True)
class Refusal:
    """An answer that git never sees."""

    status: int
    text: str | bytes
    media_type: str = "text/plain"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        headers = _CHALLENGE if self.status == 401 else {}
        await Response(self.text, self.status, headers, media_type=self.media_type)(scope, receive, send)

    async def discard(self) -> None:
        """Nothing to finish."""


async def serve_git(fake: FakeGitHub, request: Request, path: str) -> GitResponse | Refusal:
    """Check who asks for what, and hand the request to git."""
    found = _PATH.fullmatch(unquote(path))
    if found is None:
        return Refusal(404, "Not Found")
    service = request.query_params.get("service", "") if found["rest"] == "/info/refs" else found["rest"].lstrip("/")
    call = GitCall(request.method, path, service, user_agent=request.headers.get("user-agent"))
    fake.git_calls.append(call)
    try:
        actor = actor_from_basic(fake, request.headers.get("authorization"))
        repository = fake.find_repository(f"{found['owner']}/{found['name']}")
        actor, repository = _checked(call, actor, repository, service)
    except GitHubError as error:
        call.status = error.status
        return Refusal(error.status, error.message)
    pushed = repository if found["rest"] == f"/{_PUSH}" else None
    if pushed is not None:
        asked = receiving.commands(await request.body())
        call.pushed = [(one.old, one.new, one.ref) for one in asked]
        answer = receiving.refused(asked, actor, pushed)
        if answer is not None:
            call.status = 200
            return Refusal(200, answer, "application/x-git-receive-pack-result")
    may_change_workflows = workflows.may_change(actor, repository)
    running = await _run(repository, request, found["rest"], may_change_workflows=may_change_workflows)
    call.status = running.status
    return GitResponse(running, fake, pushed, actor)


def _checked(
    call: GitCall, actor: Actor | None, repository: Repository | None, service: str
) -> tuple[Actor, Repository]:
    if actor is None:
        raise GitHubError(401, "Authentication required")
    call.authorization = actor.kind
    if isinstance(actor, InstallationCaller):
        call.token_permissions = dict(actor.token.permissions)
    if repository is None or not actor.sees(repository) or not actor.may(repository, "contents", "read"):
        raise GitHubError(404, "Repository not found.")
    may_push = actor.may(repository, "contents", "write") or receiving.may_edit(actor, repository)
    if service == _PUSH and not may_push:
        raise GitHubError(403, f"Permission to {repository.full_name}.git denied to {actor.user.login}.")
    return actor, repository


async def _run(repository: Repository, request: Request, rest: str, *, may_change_workflows: bool) -> Running:
    headers = request.headers
    environment = {
        **git_environment(),
        "GIT_PROJECT_ROOT": str(repository.git_dir),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": rest,
        "QUERY_STRING": request.url.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
        "MAY_CHANGE_WORKFLOWS": "yes" if may_change_workflows else "no",
        "REMOTE_USER": "git",
        "REMOTE_ADDR": "127.0.0.1",
    }
    if "content-length" in headers:
        environment["CONTENT_LENGTH"] = headers["content-length"]
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    feeding = asyncio.create_task(_feed(process, request))
    assert process.stdout is not None
    head = await process.stdout.readuntil(b"\r\n\r\n")
    status, response_headers = 200, []
    for line in head.decode("latin-1").split("\r\n")[:-2]:
        name, _, value = line.partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            response_headers.append((name.lower().encode(), value.strip().encode()))
    return Running(process, feeding, status, response_headers)


async def _feed(process: asyncio.subprocess.Process, request: Request) -> None:
    assert process.stdin is not None
    try:
        async for chunk in request.stream():
            process.stdin.write(chunk)
            await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        # Git may answer, and leave, before it has read everything.
        process.stdin.close()
    except ClientDisconnect:
        process.kill()
