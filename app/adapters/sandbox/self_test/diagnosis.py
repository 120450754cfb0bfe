"""Why bubblewrap cannot build a sandbox here, in words for the operator, with what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain.visible import visible

_LONGEST_WORDS = 300

_APPARMOR_PROFILE = """\
abi <abi/4.0>,
include <tunables/global>
profile bwrap /usr/bin/bwrap flags=(unconfined) {
  userns,
}"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is the matter, and the remedy."""

    reason: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the kernel and a container around us say of themselves. None: this kernel has no such setting."""

    apparmor_restricts: bool | None
    """kernel.apparmor_restrict_unprivileged_userns, on Ubuntu since 23.10."""
    clone_allowed: bool | None
    """kernel.unprivileged_userns_clone, on Debian until 11."""
    most_namespaces: int | None
    """user.max_user_namespaces."""
    filtered: bool
    """Whether a seccomp filter is on this process already, as in a container."""
    in_container: bool


NO_BUBBLEWRAP = Trouble(
    "bubblewrap is not installed",
    "Debian/Ubuntu: `apt-get install bubblewrap`; Fedora: `dnf install bubblewrap`; Alpine: `apk add bubblewrap`. "
    "Version 0.8 or newer is needed.",
)
NO_SHELL = Trouble(
    "the programs of the tool-chain root do not work",
    "Try `chroot ROOT /usr/bin/sh`: they must be for this machine, with their loader and their libraries in ROOT/usr.",
)
AS_ROOT = Trouble(
    "the runner of sandboxes is root",
    "Start it as another user, or let it take one: REVWRIGHT_RUNNER_USER.",
)


def not_started(said: str) -> Trouble:
    """For programs that are there, and that the kernel does not start."""
    return Trouble(f"{NO_SHELL.reason} (bubblewrap said: {_words(said)})", NO_SHELL.remedy)


def wrong_system(system: str, machine: str) -> Trouble:
    """For where bubblewrap does not exist."""
    return Trouble(
        f"sandboxes need Linux on x86_64 or aarch64, and this is {system} on {machine}",
        "Run the worker, or only the runner, on such a machine.",
    )


def too_old(version: str) -> Trouble:
    """For a bubblewrap that lacks options that are needed."""
    return Trouble(
        f"bubblewrap {version} is too old", "Install version 0.8 or newer, as in Debian 12 and Ubuntu 24.04."
    )


def proc_is_masked(said: str) -> bool:
    """Whether only /proc could not be mounted: the sandbox works without."""
    return re.search(r"Can't mount proc on|mount proc.*(?:not permitted|denied)", said) is not None


NO_PROC = Trouble(
    "a container masks /proc, so that none can be mounted in a sandbox; `ps` and the like do not work in there",
    "Kubernetes 1.33 or newer: `hostUsers: false` and `procMount: Unmasked`. Docker: `--security-opt "
    "systempaths=unconfined`. Everything else works as it is.",
)


def diagnosed(said: str, around: Surroundings) -> Trouble:
    """What bubblewrap's last words mean here."""
    words = _words(said)
    if around.apparmor_restricts and re.search(r"uid map|RTM_NEWADDR|[Pp]ermission denied|not permitted", said):
        return Trouble(
            f"AppArmor does not let bubblewrap use user namespaces (bubblewrap said: {words})",
            "As on Ubuntu 23.10 and newer: write these lines to /etc/apparmor.d/bwrap, then run "
            f"`apparmor_parser -r /etc/apparmor.d/bwrap`:\n{_APPARMOR_PROFILE}",
        )
    if around.clone_allowed is False:
        return Trouble(
            f"this kernel keeps user namespaces from ordinary users (bubblewrap said: {words})",
            "`sysctl -w kernel.unprivileged_userns_clone=1`, and the same line in a file in /etc/sysctl.d.",
        )
    if around.most_namespaces == 0:
        return Trouble(
            f"this system allows no user namespaces at all (bubblewrap said: {words})",
            "`sysctl -w user.max_user_namespaces=15000`, and the same line in a file in /etc/sysctl.d.",
        )
    if "No space left on device" in said:
        return Trouble(
            f"this system has too many namespaces already (bubblewrap said: {words})",
            "Raise `user.max_user_namespaces` and its siblings in /proc/sys/user, or end what holds them.",
        )
    if re.search(r"No permissions to creat|Creating new namespace failed|Failed RTM_NEWADDR|uid map", said):
        return _no_namespaces(words, around)
    return Trouble(f"bubblewrap cannot build a sandbox; it said: {words}", "Its message says what it lacks.")


def _words(said: str) -> str:
    return visible(" ".join(said.split()))[:_LONGEST_WORDS] or "nothing"


def _no_namespaces(words: str, around: Surroundings) -> Trouble:
    if around.filtered or around.in_container:
        return Trouble(
            f"a container around us does not let bubblewrap make namespaces (bubblewrap said: {words})",
            "Its seccomp profile must allow clone, unshare, setns, mount, umount2 and pivot_root. Docker: "
            "`--security-opt seccomp=FILE` with such a profile. Kubernetes: `seccompProfile: {type: Localhost}` and "
            "`hostUsers: false`.",
        )
    return Trouble(
        f"this system does not let an ordinary user make namespaces (bubblewrap said: {words})",
        "Ask who set it up to allow unprivileged user namespaces for /usr/bin/bwrap.",
    )
