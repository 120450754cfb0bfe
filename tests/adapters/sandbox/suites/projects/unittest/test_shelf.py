"""Files, a terminal and processes, as the standard library sees them."""

from __future__ import annotations

import os
import pty
import subprocess
import tempfile
import unittest
from pathlib import Path


class Shelf(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def test_many_files(self) -> None:
        for number in range(500):
            (self.directory / str(number)).write_text("x")
        assert len(list(self.directory.iterdir())) == 500

    def test_a_terminal_of_its_own(self) -> None:
        ours, theirs = pty.openpty()
        subprocess.run(["tty"], stdin=theirs, check=True, capture_output=True)
        os.write(theirs, b"typed\n")
        assert os.read(ours, 100) == b"typed\r\n"

    def test_its_own_process_is_listed(self) -> None:
        assert Path(f"/proc/{os.getpid()}").samefile("/proc/self")
