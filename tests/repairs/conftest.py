"""The projects are data: their tests are run by `test_tasks.py`, and not collected here."""

from __future__ import annotations

collect_ignore_glob = ["*/before"]
