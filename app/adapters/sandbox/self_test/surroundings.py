"""Reads what the kernel and a container around us say of themselves."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from app.adapters.sandbox.self_test.diagnosis import Surroundings


def look_around(root: Path = Path("/")) -> Surroundings:
    """Whatever cannot be read counts as not there."""
    restricts = _number(root / "proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    allowed = _number(root / "proc/sys/kernel/unprivileged_userns_clone")
    filtered = re.search(r"^Seccomp:\s*2$", _text(root / "proc/self/status"), re.MULTILINE)
    return Surroundings(
        apparmor_restricts=None if restricts is None else restricts != 0,
        clone_allowed=None if allowed is None else allowed != 0,
        most_namespaces=_number(root / "proc/sys/user/max_user_namespaces"),
        filtered=filtered is not None,
        in_container=any((root / name).exists() for name in (".dockerenv", "run/.containerenv"))
        or (root / "var/run/secrets/kubernetes.io").exists(),
    )


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None
