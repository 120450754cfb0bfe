"""A real setup with hosts that the operator allows: it reaches these by the proxy, and nobody else reaches anything."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.listening import RunnerAt
from app.domain.errors import SandboxRefused, SetupFailed
from app.domain.sandbox import SetupReach
from app.ports import Prepared
from tests.adapters.sandbox.isolation import launching
from tests.adapters.sandbox.network.mirror import CONTENT, Mirror, mirror
from tests.adapters.sandbox.runner.conftest import Place, answering, fresh_directory, give_to_runner, parts
from tests.adapters.sandbox.runner.processes import children, is_dead, until
from tests.adapters.sandbox.runner.standalone import ROOT, Standalone
from tests.adapters.sandbox.runner.test_keeping import BASE, OF_BASE, TREE, environments, prepared
from tests.adapters.sandbox.runner.test_sandboxes import printed
from tests.adapters.sandbox.runner.trees import MemoryTree

FROM_INSIDE = """
import http.client, json, os, socket, sys
allowed, other = sys.argv[1:3]
told = {}

def tried(what, call):
    try:
        told[what] = call()
    except OSError as error:
        told[what] = f"{type(error).__name__}: {error}"

def direct(host, port):
    def call():
        with socket.create_connection((host, int(port)), 5):
            return "connected"
    return call

def tunnelled(place):
    def call():
        connection = http.client.HTTPConnection("127.0.0.1", 3128, timeout=20)
        host, _, port = place.partition(":")
        connection.set_tunnel(host, int(port))
        connection.request("GET", "/in-a-tunnel")
        return connection.getresponse().read().decode()
    return call

tried("allowed", tunnelled(allowed))
tried("other port of the host", tunnelled(other))
tried("by another name", tunnelled("localhost:" + other.partition(":")[2]))
tried("metadata", tunnelled("169.254.169.254:80"))
tried("public", tunnelled("example.com:443"))
tried("direct", direct(*allowed.split(":")))
tried("direct to the other", direct(*other.split(":")))
tried("direct to metadata", direct("169.254.169.254", 80))
tried("direct to the world", direct("192.0.2.1", 443))
tried("a name", lambda: socket.getaddrinfo("example.com", 443)[0][4][0])
told["interfaces"] = sorted(line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:])
told["routes"] = len(open("/proc/net/route").readlines()) - 1
os.mkdir("told")
json.dump(told, open("told/inside", "w"))
"""


@pytest.fixture(scope="module")
def packages() -> Iterator[Mirror]:
    with mirror() as made:
        yield made


@contextlib.contextmanager
def networked(hosts: str, directory: Path) -> Iterator[Standalone]:
    runner = Standalone(directory, REVWRIGHT_SETUP_HOSTS=hosts)
    try:
        yield runner
    finally:
        runner.end()
        assert parts(directory) == []


@pytest.fixture(scope="module")
def allowing(packages: Mirror) -> Iterator[Standalone]:
    launching.bubblewrap()
    with fresh_directory() as directory:
        give_to_runner(directory.parent)
        with networked(f"{packages.entry}, pypi.org", directory) as runner:
            yield runner


async def place_of(runner: Standalone) -> Place:
    sandboxes = RunnerSandboxes(RunnerAt(runner.socket).connect)
    await answering(sandboxes)
    return Place(sandboxes, runner.directory)


@pytest.fixture
async def place(allowing: Standalone) -> AsyncIterator[Place]:
    made = await place_of(allowing)
    yield made
    assert made.workspaces() == []


@pytest.fixture
def python_inside() -> None:
    """What is fetched with; /usr is all that there is in a sandbox."""
    if not Path("/usr/bin/python3").exists() and not Path("/usr/local/bin/python3").exists():
        pytest.skip("no python3 under /usr: this test needs one inside the sandbox")


async def failure(place: Place, *setup: str) -> SetupFailed:
    with pytest.raises(SetupFailed) as caught:
        async with place.sandboxes.open(TREE, environment=prepared(*setup)):
            pass
    return caught.value


@pytest.mark.usefixtures("python_inside")
async def test_setup_fetches_from_a_host_that_is_allowed(place: Place, packages: Mirror) -> None:
    environment = prepared("mkdir deps", f"{packages.fetch('/one')} > deps/one", f"{packages.fetch('/two')} > deps/two")
    packages.asked.clear()
    for _ in range(2):
        async with place.sandboxes.open(TREE, environment=environment) as sandbox:
            assert await sandbox.read("deps/one", max_bytes=99) == CONTENT
            assert (await printed(sandbox, "cat deps/two; echo > deps/new || true")).startswith(CONTENT.decode())
    assert packages.asked == ["/one", "/two"], "what was prepared is not fetched again"


@pytest.mark.usefixtures("python_inside")
async def test_setup_reaches_nothing_else(place: Place, packages: Mirror) -> None:
    with mirror() as other:
        tree = MemoryTree({"inside.py": FROM_INSIDE.encode()}, BASE)
        environment = prepared(f"python3 inside.py {packages.place} {other.place}", tree=tree)
        async with place.sandboxes.open(TREE, environment=environment) as sandbox:
            told = json.loads(await sandbox.read("told/inside", max_bytes=10_000))
        assert other.asked == []
    assert told.pop("allowed") == CONTENT.decode()
    assert (told.pop("interfaces"), told.pop("routes")) == (["lo"], 0)
    proxied = {what: words for what, words in told.items() if not what.startswith(("direct", "a name"))}
    assert len(proxied) == 4
    assert all("403 Not allowed by REVWRIGHT_SETUP_HOSTS" in words for words in proxied.values()), proxied
    assert "ConnectionRefusedError" in told["direct"]
    assert "ConnectionRefusedError" in told["direct to the other"]
    assert "unreachable" in told["direct to metadata"]
    assert "unreachable" in told["direct to the world"]
    assert "gaierror" in told["a name"]


LOOK = "env | grep -i proxy; echo looked; (exec 3<>/dev/tcp/127.0.0.1/3128) 2>/dev/null && echo reached; true"


async def test_nothing_but_setup_has_it(place: Place) -> None:
    """A shell that knows /dev/tcp, for sh does not everywhere."""
    environment = prepared("mkdir told", f"bash -c '{LOOK}' > told/setup")
    async with place.sandboxes.open(TREE, git=True, environment=environment) as sandbox:
        said = await printed(sandbox, "cat told/setup")
        assert "HTTPS_PROXY=http://127.0.0.1:3128" in said
        assert "http_proxy=http://127.0.0.1:3128" in said
        assert said.endswith("looked\nreached\n")
        assert await printed(sandbox, f"bash -c '{LOOK}'") == "looked\n"
    async with place.sandboxes.open(TREE) as sandbox:
        assert await printed(sandbox, f"bash -c '{LOOK}'") == "looked\n"


@pytest.mark.usefixtures("python_inside")
async def test_a_setup_that_fails_says_what_was_refused(place: Place) -> None:
    fetch = "python3 -c 'import urllib.request; urllib.request.urlopen(\"https://x.example.org/\")'"
    failed = await failure(place, fetch)
    words = "setup asked for x.example.org:443, which the operator does not allow (REVWRIGHT_SETUP_HOSTS)"
    assert failed.reach == SetupReach(network=True, refused=(words,))
    assert words in str(failed)
    assert "403 Not allowed by REVWRIGHT_SETUP_HOSTS" in failed.output
    assert (await failure(place, "exit 1")).reach == SetupReach(network=True), "each setup has its own account"


@pytest.mark.usefixtures("python_inside")
async def test_two_setups_at_once_have_each_their_own(place: Place, packages: Mirror) -> None:
    async def fetched(number: int) -> bytes:
        environment = prepared("mkdir deps", f"{packages.fetch(f'/{number}')} > deps/it; sleep 0.3")
        async with place.sandboxes.open(TREE, environment=environment) as sandbox:
            return await sandbox.read("deps/it", max_bytes=99)

    assert list(await asyncio.gather(fetched(1), fetched(2))) == [CONTENT, CONTENT]


HANGS = """
exec 3<>/dev/tcp/127.0.0.1/3128
printf 'CONNECT %s HTTP/1.1\\r\\n\\r\\nGET /begun HTTP/1.1\\r\\n\\r\\n' "$1" >&3
mkdir told
head -1 <&3 > told/it
sleep 1000 <&3 &
"""
"""For bash, with a place: a tunnel to it is open, and something that holds it lives on."""


def hanging(packages: Mirror, then: str) -> Prepared:
    packages.asked.clear()
    return prepared(f"bash hangs.sh {packages.place}; {then}", tree=MemoryTree({"hangs.sh": HANGS.encode()}, BASE))


async def test_a_setup_that_leaves_a_connection_open_ends_all_the_same(place: Place, packages: Mirror) -> None:
    async with place.sandboxes.open(TREE, environment=hanging(packages, "true")) as sandbox:
        assert await printed(sandbox, "cat told/it") == "HTTP/1.1 200 Connection established\r\n"


async def test_a_setup_that_is_left_while_it_fetches_leaves_nothing(place: Place, packages: Mirror) -> None:
    environment = hanging(packages, "sleep 1000")

    async def work() -> None:
        async with place.sandboxes.open(TREE, environment=environment):
            pass

    working = asyncio.create_task(work())
    await until(lambda: packages.asked, "it fetches")
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert place.workspaces() == []


KNOCK = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/3128; printf \"CONNECT {place} HTTP/1.1\\r\\n\\r\\n\" >&3; head -1 <&3'"


async def test_the_log_has_it_and_another_list_makes_another_environment(packages: Mirror) -> None:
    launching.bubblewrap()
    environment = Prepared(OF_BASE, ("mkdir deps; echo x > deps/x",), secrets.token_hex(32))
    with fresh_directory() as directory:
        give_to_runner(directory.parent)
        made: list[set[str]] = []
        logs: list[str] = []
        for hosts in ("", packages.entry, f"{packages.entry},pypi.org"):
            runner = Standalone(directory, REVWRIGHT_SETUP_HOSTS=hosts)
            try:
                place = await place_of(runner)
                async with place.sandboxes.open(TREE, environment=environment):
                    made.append(environments(place))
                if hosts:
                    await failure(
                        place, f"{KNOCK.format(place='a.example:443')}; {KNOCK.format(place=packages.place)}; exit 1"
                    )
            finally:
                logs.append(runner.end())
    assert [len(keys) for keys in made] == [1, 2, 3]
    assert made[0] == {environment.key}
    assert "setup may reach" not in logs[0]
    assert f"setup may reach {packages.entry}, and nothing else" in logs[1]
    assert f"setup reached {packages.place}: 1 connections, 0 bytes received, 0 sent" in logs[1]
    refused = "setup asked for a.example:443, which the operator does not allow (REVWRIGHT_SETUP_HOSTS): 1 times"
    assert refused in logs[1]


async def test_where_no_host_is_allowed_a_failed_setup_says_that(standalone: Standalone) -> None:
    failed = await failure(await place_of(standalone), f"bash -c '{LOOK}'; exit 1")
    assert failed.output == "looked\n"
    assert failed.reach == SetupReach(network=False)


@contextlib.asynccontextmanager
async def with_helper() -> AsyncIterator[tuple[Standalone, Place, int]]:
    """A runner, and its process that makes sockets."""
    launching.bubblewrap()
    with fresh_directory() as directory:
        give_to_runner(directory.parent)
        runner = Standalone(directory, REVWRIGHT_SETUP_HOSTS="pypi.org")
        try:
            place = await place_of(runner)
            (helper,) = children(runner.process.pid)
            yield runner, place, helper
        finally:
            runner.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_its_helper_ends_with_the_runner(number: signal.Signals) -> None:
    async with with_helper() as (runner, _, helper):
        runner.process.send_signal(number)
        runner.wait()
        await until(lambda: is_dead(helper), "the process that makes sockets is gone")


async def test_without_its_helper_no_setup_runs_and_everything_else_does() -> None:
    async with with_helper() as (_, place, helper):
        os.kill(helper, signal.SIGKILL)
        await until(lambda: is_dead(helper), "it is gone")
        with pytest.raises(SandboxRefused, match="the process that makes sockets is gone; start the runner again"):
            async with place.sandboxes.open(TREE, environment=prepared("true")):
                pass
        async with place.sandboxes.open(TREE) as sandbox:
            assert await printed(sandbox, "echo works") == "works\n"


NO_DOOR = """
import asyncio, os, sys
from app.adapters.sandbox.network.doors import Doors, NoDoor
doors = Doors.start()
async def main():
    for pid in (os.getpid(), os.getppid(), 1 << 30):
        try:
            (await doors.open(pid)).close()
            print("a door")
        except NoDoor as error:
            print(error)
asyncio.run(main())
doors.close()
"""


def test_there_is_no_door_into_the_host_s_own_network() -> None:
    ended = subprocess.run(
        (sys.executable, "-P", "-c", NO_DOOR),
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    own = "no network for setup can be made: the sandbox has the host's"
    assert ended.stdout.splitlines() == [own, own, "no network for setup can be made: No such file or directory"]
