"""Who the runner is: a user of its own where it was started as root, and nobody who can become more."""

from __future__ import annotations

import ctypes
import os
import platform
import pwd
from dataclasses import dataclass

from app.adapters.sandbox.isolation.syscalls import Machine
from app.domain.errors import SettingsInvalid

USER_NAME = "revwright-runner"
USER_ID = 58217
"""Taken when there is no user of that name: an id that systems hand out to nobody (Debian Policy 9.2.2 leaves it to
the administrator), and that needs no entry anywhere."""

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_KEYCTL_JOIN_SESSION_KEYRING = 1
_WORST_MASK = 0o077


@dataclass(frozen=True, slots=True)
class RunnerUser:
    """The ids that the runner, and with it every sandbox, has in the kernel."""

    uid: int
    gid: int


def runner_user(name: str | None) -> RunnerUser:
    """The user to become, by name or number; where root starts the runner and no name is given, a dedicated one.

    Raises SettingsInvalid for a user that there is not, for root, and for any other than oneself when not root.
    """
    user = _named(name) if name is not None else _dedicated()
    if user.uid == 0 or user.gid == 0:
        raise SettingsInvalid(f"the runner of sandboxes must not be root: REVWRIGHT_RUNNER_USER is {name!r}")
    if os.geteuid() not in {0, user.uid}:
        raise SettingsInvalid(
            f"REVWRIGHT_RUNNER_USER is {name!r}, and only root can start the runner as somebody else: unset it, or "
            "start the runner as that user and name its socket in REVWRIGHT_RUNNER_SOCKET"
        )
    return user


def _named(name: str) -> RunnerUser:
    try:
        entry = pwd.getpwuid(int(name)) if name.isascii() and name.isdigit() else pwd.getpwnam(name)
    except KeyError:
        if name.isascii() and name.isdigit():
            return RunnerUser(int(name), int(name))
        raise SettingsInvalid(
            f"REVWRIGHT_RUNNER_USER is {name!r}, and there is no such user: `useradd -r {name}`"
        ) from None
    return RunnerUser(entry.pw_uid, entry.pw_gid)


def _dedicated() -> RunnerUser:
    if os.geteuid() != 0:
        return RunnerUser(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(USER_NAME)
    except KeyError:
        pass
    else:
        return RunnerUser(entry.pw_uid, entry.pw_gid)
    try:
        taken = pwd.getpwuid(USER_ID).pw_name
    except KeyError:
        return RunnerUser(USER_ID, USER_ID)
    raise SettingsInvalid(
        f"the id {USER_ID} belongs to {taken!r}: make a user for the runner of sandboxes, `useradd -r {USER_NAME}`, or "
        "name one in REVWRIGHT_RUNNER_USER"
    )


def become(user: RunnerUser) -> None:
    """Be this user from now on, without a way back: no groups, no capabilities, no set-user-id programs, no keys.

    Whatever has to be imported must have been: the new user may not be able to read where Python lies.
    """
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
    os.umask(_WORST_MASK)
    os.chdir("/")
    libc = ctypes.CDLL(None, use_errno=True)
    # prctl(2): programs started from here gain nothing by being set-user-id, such as sudo, or an old bubblewrap.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    # prctl(2): what a bubblewrap that died leaves comes to us, who reap it; a container's process 1 may reap nothing.
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # keyctl(2): who started us may have keys in the session keyring, which is inherited across a change of user.
    number = Machine(platform.machine()).number("keyctl")
    if number is not None:
        libc.syscall(ctypes.c_long(number), ctypes.c_long(_KEYCTL_JOIN_SESSION_KEYRING), None)
