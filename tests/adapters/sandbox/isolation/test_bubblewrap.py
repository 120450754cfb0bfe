"""A plan becomes bubblewrap's arguments as decided, and nothing in a plan can become an option."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.sandbox.isolation.bubblewrap import FILES, Descriptors, Invocation, invocation
from app.adapters.sandbox.isolation.plan import Proc, SandboxPlan, Scratch, Toolchain
from app.adapters.sandbox.isolation.seccomp import seccomp_program
from app.adapters.sandbox.isolation.syscalls import Machine
from app.domain.sandbox import Network
from tests.adapters.sandbox.isolation.options import Option, parse

PLAN = SandboxPlan(argv=("make", "test"), workspace=PurePosixPath("/srv/workspaces/a1"))
DESCRIPTORS = Descriptors(arguments=11, seccomp=12, status=13, block=14, release=21, files=(15, 16, 17, 18, 19, 20))

WHOLE = """
--unshare-user
--unshare-pid
--unshare-net
--unshare-ipc
--unshare-uts
--unshare-cgroup-try
--disable-userns
--uid 1000
--gid 1000
--hostname sandbox
--new-session
--die-with-parent
--cap-drop ALL
--ro-bind /usr /usr
--symlink usr/bin /bin
--symlink usr/sbin /sbin
--symlink usr/lib /lib
--symlink usr/lib64 /lib64
--ro-bind-try /etc/ld.so.cache /etc/ld.so.cache
--ro-bind-try /etc/alternatives /etc/alternatives
--ro-bind-try /etc/ssl/certs /etc/ssl/certs
--ro-bind-try /etc/ssl/openssl.cnf /etc/ssl/openssl.cnf
--ro-bind-try /etc/localtime /etc/localtime
--ro-bind-try /etc/mime.types /etc/mime.types
--ro-bind-try /etc/os-release /etc/os-release
--ro-bind-try /etc/protocols /etc/protocols
--ro-bind-try /etc/services /etc/services
--ro-bind-try /etc/java-8-openjdk /etc/java-8-openjdk
--ro-bind-try /etc/java-11-openjdk /etc/java-11-openjdk
--ro-bind-try /etc/java-17-openjdk /etc/java-17-openjdk
--ro-bind-try /etc/java-21-openjdk /etc/java-21-openjdk
--ro-bind-try /etc/java-25-openjdk /etc/java-25-openjdk
--perms 0444
--ro-bind-data 15 /etc/passwd
--perms 0444
--ro-bind-data 16 /etc/group
--perms 0444
--ro-bind-data 17 /etc/hosts
--perms 0444
--ro-bind-data 18 /etc/nsswitch.conf
--perms 0444
--ro-bind-data 19 /etc/resolv.conf
--perms 0444
--ro-bind-data 20 /etc/gitconfig
--proc /proc
--dev /dev
--perms 1777
--size 67108864
--tmpfs /dev/shm
--perms 1777
--size 268435456
--tmpfs /tmp
--dir /tmp/home
--dir /run
--dir /var
--symlink ../tmp /var/tmp
--bind /srv/workspaces/a1 /workspace
--remount-ro /dev
--remount-ro /proc
--remount-ro /
--chdir /workspace
--clearenv
--setenv PATH /usr/local/bin:/usr/bin:/bin
--setenv HOME /tmp/home
--setenv TMPDIR /tmp
--setenv USER sandbox
--setenv LOGNAME sandbox
--setenv SHELL /bin/sh
--setenv LANG C.UTF-8
--setenv CI true
--seccomp 12
--json-status-fd 13
--block-fd 14
--sync-fd 21
"""


def invoke(plan: SandboxPlan) -> Invocation:
    return invocation(plan, DESCRIPTORS, Machine.X86_64, memory_cgroup=False)


def options_of(plan: SandboxPlan) -> list[Option]:
    return parse(invoke(plan).contents[DESCRIPTORS.arguments])


def difference(plan: SandboxPlan) -> tuple[set[Option], set[Option]]:
    """What a plan takes away from the plain one's options, and what it adds."""
    plain, other = set(options_of(PLAN)), set(options_of(plan))
    return plain - other, other - plain


def test_a_plain_plan_is_the_whole_list() -> None:
    assert options_of(PLAN) == [tuple(line.split()) for line in WHOLE.split("\n") if line]


def test_only_the_command_and_a_number_stand_on_the_command_line() -> None:
    started = invoke(PLAN)

    assert started.argv == ("/usr/bin/bwrap", "--args", "11", "--", "make", "test")
    assert started.environment == {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    assert started.pass_fds == (11, 12, 13, 14, 21, 15, 16, 17, 18, 19, 20)
    assert not [word for word in (*started.argv, *started.environment.values()) if "workspaces" in word]


@pytest.mark.parametrize("network", Network)
@pytest.mark.parametrize("machine", Machine)
@pytest.mark.parametrize("memory_cgroup", [False, True])
def test_descriptors_read_files_and_the_program_of_the_plan(
    network: Network, machine: Machine, memory_cgroup: bool
) -> None:
    contents = dict(
        invocation(replace(PLAN, network=network), DESCRIPTORS, machine, memory_cgroup=memory_cgroup).contents
    )

    assert contents.pop(DESCRIPTORS.arguments)
    assert contents.pop(DESCRIPTORS.seccomp) == seccomp_program(machine, network, memory_cgroup=memory_cgroup)
    assert contents == dict(zip(DESCRIPTORS.files, FILES.values(), strict=True))


@pytest.mark.parametrize(
    ("plan", "gone", "new"),
    [
        (replace(PLAN, network=Network.NONE), set(), set()),
        (
            replace(PLAN, proc=Proc.ABSENT),
            {("--proc", "/proc"), ("--remount-ro", "/proc")},
            {("--dir", "/proc")},
        ),
        (
            replace(PLAN, scratch=Scratch(tmp_bytes=5, shm_bytes=7)),
            {("--size", "268435456"), ("--size", "67108864")},
            {("--size", "5"), ("--size", "7")},
        ),
        (
            replace(PLAN, git_read_only=True),
            set(),
            {("--ro-bind", "/srv/workspaces/a1/.git", "/workspace/.git")},
        ),
        (
            replace(PLAN, masked=("/proc/keys", "/proc/kallsyms")),
            set(),
            {("--ro-bind", "/dev/null", "/proc/keys"), ("--ro-bind", "/dev/null", "/proc/kallsyms")},
        ),
        (
            replace(PLAN, environment={"CI": "1", "LANG": "C"}),
            {("--setenv", "LANG", "C.UTF-8"), ("--setenv", "CI", "true")},
            {("--setenv", "LANG", "C"), ("--setenv", "CI", "1")},
        ),
    ],
)
def test_what_a_plan_changes(plan: SandboxPlan, gone: set[Option], new: set[Option]) -> None:
    assert difference(plan) == (gone, new)


def test_a_root_file_system_replaces_every_path_of_the_host() -> None:
    plan = replace(PLAN, toolchain=Toolchain(PurePosixPath("/srv/roots/node"), "/usr/lib/node/bin:/usr/bin"))

    sources = {option[1] for option in options_of(plan) if option[0] in {"--ro-bind", "--ro-bind-try", "--bind"}}

    assert sources == {
        "/srv/workspaces/a1",
        "/srv/roots/node/usr",
        "/srv/roots/node/etc/ld.so.cache",
        "/srv/roots/node/etc/alternatives",
        "/srv/roots/node/etc/ssl/certs",
        "/srv/roots/node/etc/ssl/openssl.cnf",
        "/srv/roots/node/etc/localtime",
        "/srv/roots/node/etc/mime.types",
        "/srv/roots/node/etc/os-release",
        "/srv/roots/node/etc/protocols",
        "/srv/roots/node/etc/services",
        "/srv/roots/node/etc/java-8-openjdk",
        "/srv/roots/node/etc/java-11-openjdk",
        "/srv/roots/node/etc/java-17-openjdk",
        "/srv/roots/node/etc/java-21-openjdk",
        "/srv/roots/node/etc/java-25-openjdk",
    }
    assert ("--setenv", "PATH", "/usr/lib/node/bin:/usr/bin") in options_of(plan)


def test_mounts_come_before_the_root_is_closed() -> None:
    """And masks before /proc is: on what is read-only nothing can be mounted that needs a new mount point."""
    names = [option[0] for option in options_of(replace(PLAN, git_read_only=True, masked=("/proc/keys",)))]
    mounts = {
        "--bind",
        "--ro-bind",
        "--ro-bind-try",
        "--ro-bind-data",
        "--tmpfs",
        "--dir",
        "--symlink",
        "--proc",
        "--dev",
    }

    assert max(place for place, name in enumerate(names) if name in mounts) < names.index("--remount-ro")


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NAMES = st.from_regex(r"X[A-Za-z0-9_]{0,20}", fullmatch=True)
FOLDER = TEXT.filter(lambda name: name not in {"", ".", ".."} and "/" not in name)


@given(
    argv=st.lists(TEXT, min_size=1, max_size=8).filter(lambda argv: bool(argv[0])),
    environment=st.dictionaries(NAMES, TEXT, max_size=5),
    folder=FOLDER,
    raw=st.binary(max_size=20),
)
def test_nothing_in_a_plan_becomes_an_option(
    argv: list[str], environment: dict[str, str], folder: str, raw: bytes
) -> None:
    not_unicode = os.fsdecode(raw.replace(b"\0", b""))
    environment |= {"XRAW": not_unicode}
    workspace = PurePosixPath("/srv/workspaces") / folder
    plan = replace(PLAN, argv=(*argv, not_unicode), workspace=workspace, environment=environment)

    gone, new = difference(plan)

    assert invoke(plan).argv[4:] == (*argv, not_unicode)
    assert gone <= {("--bind", "/srv/workspaces/a1", "/workspace")}
    assert new - {("--bind", str(workspace), "/workspace")} == {("--setenv", *pair) for pair in environment.items()}
    assert len(options_of(plan)) == len(options_of(PLAN)) + len(environment)


@pytest.mark.parametrize("all_", [(0, 12), (2, 12), (-1, 12), (12, 12), (11, 15)])
def test_descriptors_that_would_be_taken_for_others_are_refused(all_: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="must all differ, and be above the standard streams"):
        replace(DESCRIPTORS, arguments=all_[0], seccomp=all_[1])


def test_each_file_has_a_descriptor() -> None:
    with pytest.raises(ValueError, match="5 descriptors for 6 files: open one for each of FILES"):
        replace(DESCRIPTORS, files=(15, 16, 17, 18, 19))


def test_bubblewrap_is_not_searched_for() -> None:
    with pytest.raises(ValueError, match="the path of bubblewrap 'bwrap' is not absolute"):
        invocation(PLAN, DESCRIPTORS, Machine.X86_64, memory_cgroup=False, bwrap=PurePosixPath("bwrap"))
