"""What a model may ask of the shop's tools: the same questions for every implementation of `ports.Code`."""

from __future__ import annotations

from collections.abc import Mapping

LINES: Mapping[str, object] = {"start_line": 1, "end_line": 9}
PATHS = (
    *("src/cart.py", "caf\\xe9.py", "src/key.py", "src/empty.py", "src/odd-lines.txt", "src/run.sh", "long.txt"),
    *(
        "link.py",
        "AGENTS.md",
        "vendor/lib",
        "vendor",
        "src",
        "src/gone.py",
        "huge.txt",
        "logo.png",
        "nothing",
        "src/x/y",
    ),
    *("/proc/self/environ", "../x", ".git/config", "", "src/CART.py", ":(glob)**", "-rf", "src/*", "HEAD:src/cart.py"),
)
ASKS: tuple[tuple[str, Mapping[str, object]], ...] = (
    *(("read_file", {"path": path, **LINES}) for path in PATHS),
    *(("base_version", {"path": path, **LINES}) for path in PATHS),
    *(("symbols", {"path": path}) for path in PATHS),
    *(("list", {"directory": path}) for path in (*PATHS, "many", "src/")),
    *(("grep", {"pattern": p, "glob": g}) for p in ("total", "x", "two", "ghp_") for g in ("", "src/**", "**/*.txt")),
    *(("references", {"name": name}) for name in ("total", "items", "x", "nowhere")),
    *(("read_skill", {"name": name}) for name in ("sql", "link", "lost", "long")),
)
