"""The product without one of its protections: `python -m tests.probes.mutations NAME sandbox exec …`.

Each mutation replaces one thing in the product's own code, in this process only, and names the probes that must FAIL
with it. Where two layers protect against the same, the mutation says so: taking away one of them would show nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from app.adapters.git import drafts
from app.adapters.sandbox.files import access, names, walking
from app.adapters.sandbox.isolation import bubblewrap, seccomp, seccomp_rules
from app.adapters.sandbox.isolation.bubblewrap import Invocation
from app.adapters.sandbox.isolation.seccomp_rules import Rule
from app.adapters.sandbox.running import launch, launcher, starting, watch
from app.adapters.sandbox.running.tree import Tree
from app.domain import tree_paths
from app.domain.sandbox import CommandLimits

_EVERY_CALL = 0x3FFFFFFF
"""Below the numbers of the x32 ABI, so that only the ceiling goes."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A protection that is gone, and the probes that notice."""

    lost: str
    break_: Callable[[], None]
    noticed: tuple[str, ...]
    of_the_kernel: bool = False
    """Whether some kernels lack what is allowed again, so that there is nothing to notice."""


def _put(owner: object, name: str, by: object) -> None:
    assert hasattr(owner, name), f"{name} is not there any more: a mutation of it would be none"
    setattr(owner, name, by)


Options = list[str]


def _options(change: Callable[[Options], Options]) -> Callable[[], None]:
    """Change the options that bubblewrap reads from its descriptor."""

    def changed(made: Invocation) -> Invocation:
        descriptor = int(made.argv[2])
        before = os.fsdecode(made.contents[descriptor]).split("\0")[:-1]
        after = change(list(before))
        assert after != before, "the mutation changed nothing"
        packed = b"".join(os.fsencode(option) + b"\0" for option in after)
        return replace(made, contents=MappingProxyType({**made.contents, descriptor: packed}))

    return _invocation(changed)


def _invocation(change: Callable[[Invocation], Invocation]) -> Callable[[], None]:
    def break_() -> None:
        original = bubblewrap.invocation

        def changed(*arguments: Any, **named: Any) -> Invocation:
            return change(original(*arguments, **named))

        _put(starting, "invocation", changed)

    return break_


def _without(*sequences: Sequence[str]) -> Callable[[Options], Options]:
    """Take out options with their values."""

    def change(options: Options) -> Options:
        for words in sequences:
            options = _replaced(options, words, ())
        return options

    return change


def _replaced(options: Options, words: Sequence[str], by: Sequence[str]) -> Options:
    for start in range(len(options)):
        if options[start : start + len(words)] == list(words):
            return [*options[:start], *by, *options[start + len(words) :]]
    raise AssertionError(f"bubblewrap is not given {' '.join(words)}")


def _with(words: Sequence[str], by: Sequence[str]) -> Callable[[Options], Options]:
    return lambda options: _replaced(options, words, by)


def _rules(keep: Callable[[Rule], bool]) -> Callable[[], None]:
    """Leave out refusals of system calls."""

    def break_() -> None:
        original = seccomp_rules.rules

        def some(*arguments: Any, **named: Any) -> tuple[Rule, ...]:
            every = original(*arguments, **named)
            kept = tuple(rule for rule in every if keep(rule))
            assert kept != every, "the mutation changed nothing"
            return kept

        _put(seccomp, "rules", some)

    return break_


def _allowed(*calls: str) -> Callable[[], None]:
    return _rules(lambda rule: rule.call not in calls)


def _limits(**given: Any) -> Callable[[], None]:
    """Whatever limits a command is given, these are out of reach."""

    def break_() -> None:
        original = launcher.Launcher.run

        async def run(self: Any, plan: Any, limits: CommandLimits, *rest: Any, **named: Any) -> Any:
            return await original(self, plan, replace(limits, **given), *rest, **named)

        _put(launcher.Launcher, "run", run)

    return break_


def _all(*parts: Callable[[], None]) -> Callable[[], None]:
    def break_() -> None:
        for part in parts:
            part()

    return break_


def _popen(**given: Any) -> Callable[[], None]:
    """Start bubblewrap carelessly."""

    class Careless(subprocess.Popen[bytes]):
        def __init__(self, argv: Any, **named: Any) -> None:
            if given.get("close_fds") is False:
                for descriptor in named.pop("pass_fds"):
                    os.set_inheritable(descriptor, True)
            super().__init__(argv, **{**named, **given})

    def break_() -> None:
        class Careful:
            """The module as `starting` sees it."""

            Popen = Careless
            DEVNULL = subprocess.DEVNULL

        _put(starting, "subprocess", Careful)

    return break_


def _inherited(made: Invocation) -> Invocation:
    return replace(made, environment=MappingProxyType(dict(os.environ)))


def _on_the_command_line(made: Invocation) -> Invocation:
    options = os.fsdecode(made.contents[int(made.argv[2])]).split("\0")[:-1]
    return replace(made, argv=(made.argv[0], *options, *made.argv[3:]))


def _whole_root(options: Options) -> Options:
    """The host's root in place of a small one of our own, which goes with all that stands in it."""
    kept: Options = []
    words = list(options)
    while words:
        match words:
            case ["--ro-bind", _, "/usr", *words]:
                kept += ["--ro-bind", "/", "/"]
            case ["--bind", workspace, _, *words]:
                kept += ["--bind", workspace, "/mnt"]
            case ["--chdir", _, *words]:
                kept += ["--chdir", "/mnt"]
            case ["--ro-bind-try" | "--symlink", _, _, *words]:
                pass
            case ["--perms", _, "--ro-bind-data", _, _, *words]:
                pass
            case ["--dir", "/run" | "/var", *words]:
                pass
            case [word, *words]:
                kept.append(word)
    return kept


def _kill_only_bubblewrap() -> None:
    def kill(self: Tree) -> None:
        signal.pidfd_send_signal(self.bwrap, signal.SIGKILL)

    _put(Tree, "kill", kill)


def _no_limits_of_the_kernel() -> None:
    _put(launch, "confine", lambda *_arguments, **_named: None)


def _never_over(self: watch.Watch) -> None:
    return None


_OLD_CALLS = frozenset({"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise"})


def _follow_links() -> None:
    """Read what stands at a name, whatever it is and wherever it leads."""

    def found(self: Any, directory: int, name: bytes, path: bytes, _entry: object) -> Any:
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK, dir_fd=directory)
        return self._file(fd, os.fstat(fd), path)

    _put(walking._Walk, "_found", found)
    _put(access, "_READ", os.O_RDONLY | os.O_NONBLOCK)
    _put(access, "_refuse_other_than", lambda *_arguments, **_named: None)


def _know_no_aliases() -> None:
    for module in (tree_paths, names):
        _put(module, "is_dot_git", lambda part: part == ".git")


def _refuse_nothing() -> None:
    for name in ("refused_paths", "refused", "whole_refusals", "change_refusals"):
        _put(drafts, name, lambda *_arguments: ())


EXEC: Mapping[str, Mutation] = MappingProxyType(
    {
        "no-die-with-parent": Mutation(
            "what a command left behind ends with us",
            _options(_without(["--die-with-parent"])),
            ("worker-crash",),
        ),
        "no-new-session": Mutation(
            "bubblewrap's new session, and ours around it",
            _all(_options(_without(["--new-session"])), _popen(start_new_session=False)),
            ("tiocsti",),
        ),
        "environment-inherited": Mutation("a clean environment", _invocation(_inherited), ("proc-environ",)),
        "options-on-the-command-line": Mutation(
            "options by descriptor", _invocation(_on_the_command_line), ("proc-cmdline-paths",)
        ),
        "root-not-read-only": Mutation(
            "--remount-ro /", _options(_without(["--remount-ro", "/"])), ("write-ro", "tmpfs-fill")
        ),
        "dev-not-read-only": Mutation(
            "--remount-ro /dev", _options(_without(["--remount-ro", "/dev"])), ("write-ro", "tmpfs-fill")
        ),
        "proc-not-read-only": Mutation(
            "--remount-ro /proc", _options(_without(["--remount-ro", "/proc"])), ("oom-score", "write-ro")
        ),
        "tmp-without-size": Mutation("--size of /tmp", _options(_without(["--size", str(256 << 20)])), ("tmpfs-fill",)),
        "shm-without-size": Mutation(
            "--size of /dev/shm", _options(_without(["--size", str(64 << 20)])), ("tmpfs-fill",)
        ),
        "keys-not-masked": Mutation(
            "the mask over /proc/keys",
            _options(_without(["--ro-bind", "/dev/null", "/proc/keys"])),
            ("keyring", "kernel-leaks"),
        ),
        "no-seccomp": Mutation(
            "the whole filter of system calls",
            _rules(lambda _rule: False),
            ("io-uring", "dangerous-syscalls", "ioctl-filter", "socket-families"),
        ),
        "sockets-unfiltered": Mutation("the rule on sockets", _allowed("socket"), ("socket-families", "network-none")),
        "ptrace-allowed": Mutation(
            "the rules on other processes", _rules(lambda rule: rule.call not in _OLD_CALLS), ("dangerous-syscalls",)
        ),
        "keyctl-allowed": Mutation(
            "the rules on keys", _allowed("keyctl", "add_key", "request_key"), ("keyring", "dangerous-syscalls")
        ),
        "clone3-allowed": Mutation("the rule on clone3", _allowed("clone3"), ("userns",)),
        "ioctl-allowed": Mutation("the rule on TIOCSTI", _allowed("ioctl"), ("ioctl-filter",), of_the_kernel=True),
        "new-calls-allowed": Mutation(
            "the ceiling over calls",
            lambda: _put(seccomp, "NEWEST", _EVERY_CALL),
            ("new-syscalls",),
            of_the_kernel=True,
        ),
        "io-uring-allowed": Mutation(
            "the rule on io_uring", _allowed("io_uring_setup"), ("io-uring",), of_the_kernel=True
        ),
        "host-network": Mutation(
            "the network namespace",
            _options(_without(["--unshare-net"])),
            ("tcp-loopback", "udp-loopback", "abstract-unix", "proc-net"),
        ),
        "host-processes": Mutation(
            "the process namespace; a new /proc needs one, so the host's is bound",
            _options(
                lambda options: _with(["--proc", "/proc"], ["--ro-bind", "/proc", "/proc"])(
                    _without(["--unshare-pid"])(options)
                )
            ),
            ("kill-outside", "proc-cmdline", "ptrace-outside"),
        ),
        "host-ipc": Mutation("the IPC namespace", _options(_without(["--unshare-ipc"])), ("sysv-ipc",)),
        "user-namespaces-allowed": Mutation(
            "the filter on namespaces, and --disable-userns behind it",
            _all(_options(_without(["--disable-userns"])), _allowed("unshare", "clone", "clone3")),
            ("userns", "other-ns"),
        ),
        "capabilities-kept": Mutation(
            "--cap-drop ALL", _options(_with(["--cap-drop", "ALL"], ["--cap-add", "ALL"])), ("caps",)
        ),
        "host-root": Mutation(
            "a small root of our own", _options(_whole_root), ("private-key", "home-ssh", "fs-unix", "run-sockets")
        ),
        "descriptors-inherited": Mutation("descriptors that are closed", _popen(close_fds=False), ("inherited-fds",)),
        "no-kernel-limits": Mutation(
            "limits of the kernel", _no_limits_of_the_kernel, ("rlimit-raise", "file-size", "oom-score", "core-dump")
        ),
        "no-time-limit": Mutation("the limit of time", _limits(seconds=1e6), ("timeout-tree",)),
        "no-output-limit": Mutation("the limit of output", _limits(output_bytes=1 << 50), ("huge-output",)),
        "no-process-limit": Mutation("the limit of processes", _limits(processes=4096), ("fork-bomb", "thread-bomb")),
        "no-disk-limit": Mutation("the limit of the workspace's bytes", _limits(disk_bytes=1 << 50), ("disk-fill",)),
        "no-files-limit": Mutation("the limit of the workspace's files", _limits(files=1 << 50), ("many-files",)),
        "memory-not-watched": Mutation(
            "the watch over memory and scratch space",
            lambda: _put(watch.Watch, "look", _never_over),
            ("mem-tree", "tmpfs-inodes"),
        ),
        "inodes-not-watched": Mutation(
            "the watch over files in memory", lambda: _put(watch, "MOST_INODES", 1 << 50), ("tmpfs-inodes",)
        ),
        "only-bubblewrap-killed": Mutation(
            "killing what is below bubblewrap, and --die-with-parent behind it",
            _all(_options(_without(["--die-with-parent"])), _kill_only_bubblewrap),
            ("timeout-tree",),
        ),
    }
)
"""Of the sandbox itself; all are meant for a launcher without cgroups."""

HOST: Mapping[str, Mutation] = MappingProxyType(
    {
        "links-followed": Mutation("files opened without following links", _follow_links, ("symlink-file",)),
        "aliases-unknown": Mutation("the rule on names that stand for .git", _know_no_aliases, ("dotgit-alias",)),
        "diffs-unjudged": Mutation("the policy on what a diff may change", _refuse_nothing, ("patch-traversal",)),
    }
)
"""Of what collects and applies."""

MUTATIONS: Mapping[str, Mutation] = MappingProxyType({**EXEC, **HOST})


def main() -> int:
    """The product's command line, broken in one way."""
    name, *arguments = sys.argv[1:]
    MUTATIONS[name].break_()
    from app.cli.main import run  # noqa: PLC0415 - what it imports is to find the replaced things

    return run(arguments, os.environ)


if __name__ == "__main__":
    sys.exit(main())
