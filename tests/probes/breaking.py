"""Ways to take something away from the product's own code, in this process only."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from app.adapters.git import drafts
from app.adapters.sandbox.files import access, names, walking
from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.isolation import bubblewrap, seccomp, seccomp_rules
from app.adapters.sandbox.isolation.bubblewrap import Invocation
from app.adapters.sandbox.isolation.seccomp_rules import Rule
from app.adapters.sandbox.running import launch, launcher, starting, watch
from app.adapters.sandbox.running.tree import Tree
from app.domain import tree_paths
from app.domain.sandbox import CommandLimits
from app.wiring import runner, sandbox_exec


def put(owner: object, name: str, by: object) -> None:
    """Replace one thing, which must be there."""
    assert hasattr(owner, name), f"{name} is not there any more: a mutation of it would be none"
    setattr(owner, name, by)


Options = list[str]


def by_options(change: Callable[[Options], Options]) -> Callable[[], None]:
    """Change the options that bubblewrap reads from its descriptor."""

    def changed(made: Invocation) -> Invocation:
        descriptor = int(made.argv[2])
        before = os.fsdecode(made.contents[descriptor]).split("\0")[:-1]
        after = change(list(before))
        assert after != before, "the mutation changed nothing"
        packed = b"".join(os.fsencode(option) + b"\0" for option in after)
        return replace(made, contents=MappingProxyType({**made.contents, descriptor: packed}))

    return by_invocation(changed)


def by_invocation(change: Callable[[Invocation], Invocation]) -> Callable[[], None]:
    """Change how bubblewrap is called."""

    def break_() -> None:
        original = bubblewrap.invocation

        def changed(*arguments: Any, **named: Any) -> Invocation:
            return change(original(*arguments, **named))

        put(starting, "invocation", changed)

    return break_


def without(*sequences: Sequence[str]) -> Callable[[Options], Options]:
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


def exchanged(words: Sequence[str], by: Sequence[str]) -> Callable[[Options], Options]:
    """Give other options in place of some."""
    return lambda options: _replaced(options, words, by)


def by_rules(keep: Callable[[Rule], bool]) -> Callable[[], None]:
    """Leave out refusals of system calls."""

    def break_() -> None:
        original = seccomp_rules.rules

        def some(*arguments: Any, **named: Any) -> tuple[Rule, ...]:
            every = original(*arguments, **named)
            kept = tuple(rule for rule in every if keep(rule))
            assert kept != every, "the mutation changed nothing"
            return kept

        put(seccomp, "rules", some)

    return break_


def allowed(*calls: str) -> Callable[[], None]:
    """Let some system calls pass."""
    return by_rules(lambda rule: rule.call not in calls)


def unlimited(**given: Any) -> Callable[[], None]:
    """Whatever limits a command is given, these are out of reach."""

    def break_() -> None:
        original = launcher.Launcher.run

        async def run(self: Any, plan: Any, limits: CommandLimits, *rest: Any, **named: Any) -> Any:
            return await original(self, plan, replace(limits, **given), *rest, **named)

        put(launcher.Launcher, "run", run)

    return break_


def together(*parts: Callable[[], None]) -> Callable[[], None]:
    """More than one thing, where one alone would show nothing."""

    def break_() -> None:
        for part in parts:
            part()

    return break_


def by_popen(**given: Any) -> Callable[[], None]:
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

        put(starting, "subprocess", Careful)

    return break_


def inherited(made: Invocation) -> Invocation:
    return replace(made, environment=MappingProxyType(dict(os.environ)))


def on_the_command_line(made: Invocation) -> Invocation:
    options = os.fsdecode(made.contents[int(made.argv[2])]).split("\0")[:-1]
    return replace(made, argv=(made.argv[0], *options, *made.argv[3:]))


def whole_root(options: Options) -> Options:
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


def kill_only_bubblewrap() -> None:
    def kill(self: Tree) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.bwrap, signal.SIGKILL)

    put(Tree, "kill", kill)


def nameless() -> None:
    """A sandbox of a dead runner is not known by its name, by which the next runner on the machine would end it."""
    put(runner, "mark_of", lambda _name: "")


def no_limits_of_the_kernel() -> None:
    put(launch, "confine", lambda *_arguments, **_named: None)


async def sees_nothing(*_arguments: object) -> tuple[tuple[str, bool], ...]:
    return ()


def never_over(self: watch.Watch) -> None:
    return None


OF_OTHER_PROCESSES = frozenset(
    {"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise"}
)


def follow_links() -> None:
    """Read what stands at a name, whatever it is and wherever it leads."""

    def found(self: Any, directory: int, name: bytes, path: bytes, _entry: object) -> Any:
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK, dir_fd=directory)
        return self._file(fd, os.fstat(fd), path)

    put(walking._Walk, "_found", found)
    put(access, "_READ", os.O_RDONLY | os.O_NONBLOCK)
    put(access, "_refuse_other_than", lambda *_arguments, **_named: None)


def know_no_aliases() -> None:
    for module in (tree_paths, names):
        put(module, "is_dot_git", lambda part: part == ".git")


def refuse_nothing() -> None:
    for name in ("refused_paths", "refused", "whole_refusals", "change_refusals"):
        put(drafts, name, lambda *_arguments: ())


def host_root() -> None:
    """The host's root, in which there is no /workspace of ours to be compared with what was asked for."""

    def unchecked(workspace: Workspace, first: int) -> None:
        del workspace, first

    by_options(whole_root)()
    sandbox_exec.check_inside = unchecked
