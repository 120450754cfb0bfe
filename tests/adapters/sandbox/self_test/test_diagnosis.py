"""Why bubblewrap cannot work, in words: each of its messages, in each of the surroundings in which it is known from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.sandbox.self_test.diagnosis import Surroundings, diagnosed, proc_is_masked
from app.adapters.sandbox.self_test.surroundings import look_around

PLAIN = Surroundings(
    apparmor_restricts=None, clone_allowed=None, most_namespaces=95_000, filtered=False, in_container=False
)
UBUNTU = replace(PLAIN, apparmor_restricts=True)
OLD_DEBIAN = replace(PLAIN, clone_allowed=False)
NONE_AT_ALL = replace(PLAIN, most_namespaces=0)
CONTAINER = replace(PLAIN, filtered=True, in_container=True)

NO_NAMESPACE = "bwrap: No permissions to create new namespace, likely because the kernel does not allow it."
UID_MAP = "bwrap: setting up uid map: Permission denied"
LOOPBACK = "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted"
MASKED = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted"


@pytest.mark.parametrize(
    ("said", "around", "reason", "remedy"),
    [
        (UID_MAP, UBUNTU, "AppArmor does not let bubblewrap use user namespaces", "/etc/apparmor.d/bwrap"),
        (LOOPBACK, UBUNTU, "AppArmor does not let bubblewrap use user namespaces", "profile bwrap /usr/bin/bwrap"),
        (NO_NAMESPACE, OLD_DEBIAN, "this kernel keeps user namespaces", "kernel.unprivileged_userns_clone=1"),
        (NO_NAMESPACE, NONE_AT_ALL, "no user namespaces at all", "user.max_user_namespaces="),
        (NO_NAMESPACE, CONTAINER, "a container around us", "seccomp=FILE"),
        (NO_NAMESPACE, PLAIN, "does not let an ordinary user", "unprivileged user namespaces"),
        (
            "bwrap: Can't find source path /srv/x: No such file",
            PLAIN,
            "it said: bwrap: Can't find",
            "says what it lacks",
        ),
        ("", PLAIN, "it said: nothing", "says what it lacks"),
    ],
)
def test_trouble(said: str, around: Surroundings, reason: str, remedy: str) -> None:
    trouble = diagnosed(said, around)

    assert reason in trouble.reason
    assert remedy in trouble.remedy


def test_bubblewrap_s_words_are_in_the_reason_bounded_and_without_hidden_characters() -> None:
    trouble = diagnosed("bwrap: \x1b[31m" + "x" * 10_000, PLAIN)

    assert "\x1b" not in trouble.reason
    assert len(trouble.reason) < 500


@pytest.mark.parametrize(("said", "masked"), [(MASKED, True), (NO_NAMESPACE, False), (UID_MAP, False), ("", False)])
def test_a_masked_proc_is_told_apart(said: str, masked: bool) -> None:
    assert proc_is_masked(said) is masked


def test_surroundings_are_read(tmp_path: Path) -> None:
    kernel = tmp_path / "proc/sys/kernel"
    kernel.mkdir(parents=True)
    (kernel / "apparmor_restrict_unprivileged_userns").write_text("1\n")
    (kernel / "unprivileged_userns_clone").write_text("0\n")
    (tmp_path / "proc/sys/user").mkdir()
    (tmp_path / "proc/sys/user/max_user_namespaces").write_text("0\n")
    (tmp_path / "proc/self").mkdir()
    (tmp_path / "proc/self/status").write_text("Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n")
    (tmp_path / ".dockerenv").touch()

    assert look_around(tmp_path) == Surroundings(
        apparmor_restricts=True, clone_allowed=False, most_namespaces=0, filtered=True, in_container=True
    )


def test_what_is_not_there_is_unknown(tmp_path: Path) -> None:
    assert look_around(tmp_path) == Surroundings(
        apparmor_restricts=None, clone_allowed=None, most_namespaces=None, filtered=False, in_container=False
    )
