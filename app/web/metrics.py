"""What Prometheus reads: its text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from app.domain.sandbox import Isolation, Mode

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(*, ready: bool, isolations: Iterable[Isolation]) -> str:
    """Everything at one moment. Workers are counted by what isolates their sandboxes: a refusal is a number above 0."""
    counted = Counter((each.mode, each.cgroup, each.own_user) for each in isolations)
    lines = [
        "# HELP revwright_ready Whether a delivery could be taken now.",
        "# TYPE revwright_ready gauge",
        f"revwright_ready {int(ready)}",
        "# HELP revwright_workers Workers by what isolates their sandboxes.",
        "# TYPE revwright_workers gauge",
    ]
    for mode in Mode:
        labels = [(cgroup, own) for each, cgroup, own in counted if each is mode]
        for cgroup, own in sorted(labels) or [("none", False)]:
            told = f'sandbox="{mode.value}",cgroup="{_escaped(cgroup)}",own_user="{str(own).lower()}"'
            lines.append(f"revwright_workers{{{told}}} {counted[mode, cgroup, own]}")
    return "\n".join([*lines, ""])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
