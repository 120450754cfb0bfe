"""`revwright runner --socket PATH`, as another service would run it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]


class Standalone:
    """Its socket and its log lie beside the directory for its workspaces, where it must be allowed to make them."""

    def __init__(self, directory: Path, *arguments: str, **environment: str) -> None:
        self.directory = directory
        self.socket = directory.parent / "s"
        self._log = directory.parent / "log"
        settings = {"REVWRIGHT_WORKSPACES_DIR": str(directory), "REVWRIGHT_SANDBOXES_AT_ONCE": "2"}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                (sys.executable, "-P", "-m", "app.cli", "runner", "--socket", str(self.socket), *arguments),
                env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **settings, **environment},
                stderr=log,
                cwd="/",
            )

    def wait(self) -> str:
        """What it said until its end."""
        self.process.wait(60)
        return self._log.read_text()

    def end(self) -> str:
        """The same after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()
