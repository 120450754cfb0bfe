"""Other people's servers for the acknowledgement ladder, installed into a cache of our own at a pinned version."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.processes import ROOT

PROBOT_VERSION = "14.3.2"
PR_AGENT_VERSION = "0.49.0"

_CACHE = ROOT / "bench" / ".cache"
_NODE = 20
_PYTHONS = ("python3.12", "python3.13", "python3.14")
"""PR-Agent needs one of these, whatever we run on."""
_NPM_SECONDS = 120
_PIP_SECONDS = 600


class Absent(Exception):
    """A peer cannot be had here; the text says why."""


def probot() -> tuple[str, ...]:
    """The command that starts Probot. Raises Absent."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Absent(f"Node {_NODE} or newer and npm are not installed")
    version = re.match(r"v([0-9]+)", _output([node, "--version"], 30))
    if version is None or int(version[1]) < _NODE:
        raise Absent(f"Node {_NODE} or newer is needed")
    folder = _CACHE / f"probot-{PROBOT_VERSION}"
    library = folder / "node_modules" / "probot" / "lib" / "index.js"
    if not library.exists():
        print(f"==> installing Probot {PROBOT_VERSION} into {folder}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        # --prefix, because npm otherwise looks for a package.json in every folder above.
        options = ("--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder))
        _output([npm, "install", *options, f"probot@{PROBOT_VERSION}"], _NPM_SECONDS)
    return node, str(ROOT / "scripts" / "bench" / "servers" / "peer_probot.mjs"), str(library)


def pr_agent() -> tuple[str, ...]:
    """The command that starts PR-Agent's GitHub App server. Raises Absent."""
    folder = _CACHE / f"pr-agent-{PR_AGENT_VERSION}"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"==> installing PR-Agent {PR_AGENT_VERSION} into {folder}", flush=True)
        found = next((path for name in _PYTHONS if (path := shutil.which(name)) and _runs(path)), None)
        if found is None:
            raise Absent(f"none of {', '.join(_PYTHONS)} is installed")
        _output([found, "-m", "venv", str(folder)], 60)
        _output([str(python), "-m", "pip", "install", "--quiet", f"pr-agent=={PR_AGENT_VERSION}"], _PIP_SECONDS)
        (folder / "installed").touch()
    return str(python), str(ROOT / "scripts" / "bench" / "servers" / "peer_pr_agent.py")


def _runs(python: str) -> bool:
    """A version manager may have put a name on PATH that does not start anything."""
    return subprocess.run([python, "--version"], capture_output=True, timeout=30, check=False).returncode == 0


def _output(command: Sequence[str], seconds: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise Absent(f"{Path(command[0]).name} {command[1]} did not end within {seconds:.0f} s") from None
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise Absent(f"{Path(command[0]).name} {command[1]} failed: {last}")
    return done.stdout
