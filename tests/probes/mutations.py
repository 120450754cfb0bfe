"""The product without one of its protections: `python -m tests.probes.mutations NAME sandbox exec …`.

Each mutation replaces one thing in the product's own code, in this process only, and names the probes that must FAIL
with it. Where two layers protect against the same, the mutation says so: taking away one of them would show nothing.

One layer lies behind many: the product tests itself before it runs anything, and refuses where it sees a hole. So
that the probes have something to look at, that test is blinded; with `--self-test` before NAME it is not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.adapters.sandbox.isolation import seccomp
from app.adapters.sandbox.running import watch
from app.adapters.sandbox.self_test import self_test
from tests.probes.breaking import (
    OF_OTHER_PROCESSES,
    allowed,
    by_invocation,
    by_options,
    by_popen,
    by_rules,
    exchanged,
    follow_links,
    host_root,
    inherited,
    kill_only_bubblewrap,
    know_no_aliases,
    nameless,
    never_over,
    no_limits_of_the_kernel,
    on_the_command_line,
    put,
    refuse_nothing,
    sees_nothing,
    together,
    unlimited,
    without,
)

SELF_TEST = "--self-test"

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
    refused: bool = False
    """Whether the product's own self-test notices, too, and nothing is executed."""


EXEC: Mapping[str, Mutation] = MappingProxyType(
    {
        "no-die-with-parent": Mutation(
            "what a command left behind ends with us, or with the next runner",
            together(by_options(without(["--die-with-parent"])), nameless),
            ("worker-crash",),
        ),
        "no-new-session": Mutation(
            "bubblewrap's new session, and ours around it",
            together(by_options(without(["--new-session"])), by_popen(start_new_session=False)),
            ("tiocsti",),
            refused=True,
        ),
        "environment-inherited": Mutation(
            "a clean environment", by_invocation(inherited), ("proc-environ",), refused=True
        ),
        "options-on-the-command-line": Mutation(
            "options by descriptor", by_invocation(on_the_command_line), ("proc-cmdline-paths",), refused=True
        ),
        "root-not-read-only": Mutation(
            "--remount-ro /", by_options(without(["--remount-ro", "/"])), ("write-ro", "tmpfs-fill"), refused=True
        ),
        "dev-not-read-only": Mutation(
            "--remount-ro /dev", by_options(without(["--remount-ro", "/dev"])), ("write-ro", "tmpfs-fill"), refused=True
        ),
        "proc-not-read-only": Mutation(
            "--remount-ro /proc",
            by_options(without(["--remount-ro", "/proc"])),
            ("oom-score", "write-ro"),
            refused=True,
        ),
        "tmp-without-size": Mutation(
            "--size of /tmp", by_options(without(["--size", str(256 << 20)])), ("tmpfs-fill",)
        ),
        "shm-without-size": Mutation(
            "--size of /dev/shm", by_options(without(["--size", str(64 << 20)])), ("tmpfs-fill",)
        ),
        "keys-not-masked": Mutation(
            "the mask over /proc/keys",
            by_options(without(["--ro-bind", "/dev/null", "/proc/keys"])),
            ("keyring", "kernel-leaks"),
        ),
        "no-seccomp": Mutation(
            "the whole filter of system calls",
            by_rules(lambda _rule: False),
            ("io-uring", "dangerous-syscalls", "ioctl-filter", "socket-families"),
        ),
        "sockets-unfiltered": Mutation("the rule on sockets", allowed("socket"), ("socket-families", "network-none")),
        "ptrace-allowed": Mutation(
            "the rules on other processes",
            by_rules(lambda rule: rule.call not in OF_OTHER_PROCESSES),
            ("dangerous-syscalls",),
        ),
        "keyctl-allowed": Mutation(
            "the rules on keys", allowed("keyctl", "add_key", "request_key"), ("keyring", "dangerous-syscalls")
        ),
        "clone3-allowed": Mutation("the rule on clone3", allowed("clone3"), ("userns",)),
        "ioctl-allowed": Mutation("the rule on TIOCSTI", allowed("ioctl"), ("ioctl-filter",), of_the_kernel=True),
        "new-calls-allowed": Mutation(
            "the ceiling over calls",
            lambda: put(seccomp, "NEWEST", _EVERY_CALL),
            ("new-syscalls",),
            of_the_kernel=True,
        ),
        "io-uring-allowed": Mutation(
            "the rule on io_uring", allowed("io_uring_setup"), ("io-uring",), of_the_kernel=True
        ),
        "host-network": Mutation(
            "the network namespace",
            by_options(without(["--unshare-net"])),
            ("tcp-loopback", "udp-loopback", "abstract-unix", "proc-net"),
            refused=True,
        ),
        "host-processes": Mutation(
            "the process namespace; a new /proc needs one, so the host's is bound",
            by_options(
                lambda options: exchanged(["--proc", "/proc"], ["--ro-bind", "/proc", "/proc"])(
                    without(["--unshare-pid"])(options)
                )
            ),
            ("kill-outside", "proc-cmdline", "ptrace-outside"),
            refused=True,
        ),
        "host-ipc": Mutation("the IPC namespace", by_options(without(["--unshare-ipc"])), ("sysv-ipc",), refused=True),
        "user-namespaces-allowed": Mutation(
            "the filter on namespaces, and --disable-userns behind it",
            together(by_options(without(["--disable-userns"])), allowed("unshare", "clone", "clone3")),
            ("userns", "other-ns"),
        ),
        "capabilities-kept": Mutation(
            "--cap-drop ALL",
            by_options(exchanged(["--cap-drop", "ALL"], ["--cap-add", "ALL"])),
            ("caps",),
            refused=True,
        ),
        "host-root": Mutation(
            "a small root of our own",
            host_root,
            ("private-key", "home-ssh", "fs-unix", "run-sockets"),
            refused=True,
        ),
        "descriptors-inherited": Mutation(
            "descriptors that are closed", by_popen(close_fds=False), ("inherited-fds",), refused=True
        ),
        "no-kernel-limits": Mutation(
            "limits of the kernel",
            no_limits_of_the_kernel,
            ("rlimit-raise", "file-size", "oom-score", "core-dump"),
            refused=True,
        ),
        "no-time-limit": Mutation("the limit of time", unlimited(seconds=1e6), ("timeout-tree",), refused=True),
        "no-output-limit": Mutation(
            "the limit of output", unlimited(output_bytes=1 << 50), ("huge-output",), refused=True
        ),
        "no-process-limit": Mutation("the limit of processes", unlimited(processes=4096), ("fork-bomb", "thread-bomb")),
        "no-disk-limit": Mutation("the limit of the workspace's bytes", unlimited(disk_bytes=1 << 50), ("disk-fill",)),
        "no-files-limit": Mutation("the limit of the workspace's files", unlimited(files=1 << 50), ("many-files",)),
        "memory-not-watched": Mutation(
            "the watch over memory and scratch space",
            lambda: put(watch.Watch, "look", never_over),
            ("mem-tree", "tmpfs-inodes"),
        ),
        "inodes-not-watched": Mutation(
            "the watch over files in memory", lambda: put(watch, "MOST_INODES", 1 << 50), ("tmpfs-inodes",)
        ),
        "only-bubblewrap-killed": Mutation(
            "killing what is below bubblewrap, and --die-with-parent behind it",
            together(by_options(without(["--die-with-parent"])), kill_only_bubblewrap),
            ("timeout-tree",),
        ),
    }
)
"""Of the sandbox itself; all are meant for a launcher without cgroups."""

HOST: Mapping[str, Mutation] = MappingProxyType(
    {
        "links-followed": Mutation("files opened without following links", follow_links, ("symlink-file",)),
        "aliases-unknown": Mutation("the rule on names that stand for .git", know_no_aliases, ("dotgit-alias",)),
        "diffs-unjudged": Mutation("the policy on what a diff may change", refuse_nothing, ("patch-traversal",)),
    }
)
"""Of what collects and applies."""

MUTATIONS: Mapping[str, Mutation] = MappingProxyType({**EXEC, **HOST})


def main() -> int:
    """The product's command line, broken in one way."""
    name, *arguments = sys.argv[1:]
    if name == SELF_TEST:
        name, *arguments = arguments
    else:
        put(self_test.SelfTest, "_probes", sees_nothing)
    MUTATIONS[name].break_()
    from app.cli.main import run  # noqa: PLC0415 - what it imports is to find the replaced things

    return run(arguments, os.environ)


if __name__ == "__main__":
    sys.exit(main())
