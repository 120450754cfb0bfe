"""The projects are data: they are collected in a sandbox, not here."""

from __future__ import annotations

collect_ignore = ["projects"]
