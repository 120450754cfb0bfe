"""Runners share a root: each has a locked part, and what a dead one left behind is swept."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.files.workspaces import Claim, Swept, Workspaces
from app.domain.errors import SandboxUnavailable, SettingsInvalid
from tests.adapters.sandbox.files.conftest import open_descriptors
from tests.adapters.sandbox.files.planting import names, plant_deep

_HERE = Path(__file__).parents[4]
_RUNNER = """
import sys
from pathlib import Path
from app.adapters.sandbox.files.workspaces import Workspaces
workspace = Workspaces(Path(sys.argv[1])).claim().create()
workspace.write("left/behind", b"x")
print(workspace.path, flush=True)
sys.stdin.read()
"""


def test_nobody_else_reaches_a_workspace_and_its_name_tells_nothing(claim: Claim) -> None:
    first, second = claim.create(), claim.create()

    assert stat.S_IMODE(first.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(first.path.parent.parent.stat().st_mode) == 0o700
    assert first.path.name != second.path.name
    assert all(len(w.path.name) == 32 and set(w.path.name) <= set("0123456789abcdef") for w in (first, second))
    assert first.path.is_absolute()
    for workspace in (first, second):
        assert workspace.remove() is None


def test_a_workspace_is_removed_once(claim: Claim) -> None:
    workspace = claim.create()
    workspace.write("a/b", b"x")

    assert workspace.remove() is None

    assert not workspace.path.exists()
    with pytest.raises(ValueError, match="is closed"):
        workspace.remove()
    workspace.close()


def test_a_directory_of_somebody_else_is_never_removed(place: Path) -> None:
    (place / "mine").mkdir()
    with Workspace.at(place / "mine") as workspace, pytest.raises(ValueError, match="was not created here"):
        workspace.remove()

    assert (place / "mine").is_dir()


def test_closing_a_part_removes_the_workspaces_that_are_left(place: Path) -> None:
    claim = Workspaces(place / "root").claim()
    left = [claim.create() for _ in range(3)]
    left[0].write("a", b"x")

    assert claim.close() == ()

    assert names(place / "root") == []
    for workspace in left:
        workspace.close()


def test_the_part_of_a_killed_runner_is_swept_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    root = tmp_path / "root"
    before = open_descriptors()
    with subprocess.Popen(
        [sys.executable, "-c", _RUNNER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_HERE
    ) as runner:
        assert runner.stdout is not None
        workspace = Path(runner.stdout.readline().strip())
        plant_deep(workspace, 300)
        (workspace / "left").chmod(0)

        assert Workspaces(root).sweep() == Swept(0, ())
        assert (workspace / "left").is_dir()

        runner.send_signal(signal.SIGKILL)
        runner.wait()
        assert Workspaces(root).sweep() == Swept(1, ())

    assert names(root) == []
    assert open_descriptors() == before


def test_several_runners_share_a_root(place: Path) -> None:
    workspaces = Workspaces(place / "root")
    first, second = workspaces.claim(), workspaces.claim()
    workspace = first.create()

    assert workspaces.sweep() == Swept(0, ())
    assert second.close() == ()

    assert workspace.path.is_dir()
    assert workspace.remove() is None
    assert first.close() == ()


def test_a_part_is_safe_from_sweeps_from_its_first_moment(place: Path) -> None:
    workspaces = Workspaces(place / "root")
    workspaces.claim().close()
    done = threading.Event()
    swept: list[Swept] = []

    def sweep() -> None:
        while not done.is_set():
            swept.append(workspaces.sweep())

    sweeping = threading.Thread(target=sweep)
    sweeping.start()
    try:
        for _ in range(100):
            claim = workspaces.claim()
            with claim.create() as workspace:
                workspace.write("a", b"x")
                assert (workspace.path / "a").is_file()
            assert claim.close() == ()
    finally:
        done.set()
        sweeping.join()

    assert {left for one in swept for left in one.left} == set()
    assert names(place / "root") == []


def test_a_sweep_touches_nothing_but_parts(place: Path) -> None:
    """A root may be set wrongly, to somebody's home for example."""
    root = place / "root"
    Workspaces(root).claim().close()
    (root / "runner-notes").mkdir()
    (root / "documents").mkdir()
    (root / "documents/file").write_text("mine")
    (root / f"runner-{'0' * 32}").symlink_to("documents")
    (root / f"runner-{'1' * 32}").write_text("a file")

    assert Workspaces(root).sweep() == Swept(0, ())

    assert (root / "documents/file").read_text() == "mine"
    assert len(names(root)) == 4


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_a_root_that_others_may_change_is_refused(place: Path, mode: int) -> None:
    root = place / "root"
    root.mkdir()
    root.chmod(mode)
    before = open_descriptors()

    with pytest.raises(SettingsInvalid, match=rf"others may write in it \(mode {mode:04o}\)"):
        Workspaces(root).claim()
    with pytest.raises(SettingsInvalid, match="others may write in it"):
        Workspaces(root).sweep()

    assert open_descriptors() == before


def test_a_root_that_belongs_to_somebody_else_is_refused(place: Path) -> None:
    somebody_elses = Path("/proc" if os.geteuid() != 0 else place / "theirs")
    if os.geteuid() == 0:
        somebody_elses.mkdir(mode=0o700)
        os.chown(somebody_elses, 20002, 20002)

    with pytest.raises(SettingsInvalid, match="it belongs to user"):
        Workspaces(somebody_elses).claim()


def test_a_root_must_be_a_directory_and_its_parent_must_be_there(place: Path) -> None:
    (place / "file").write_text("")
    (place / "link").symlink_to(".")

    for name in ("file", "link", "missing/root"):
        with pytest.raises(SettingsInvalid, match=r"cannot use .* for workspaces"):
            Workspaces(place / name).claim()


def test_a_root_in_which_nothing_can_be_made_is_not_there_for_now(place: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("modes keep nothing from root")
    (place / "root").mkdir(mode=0o500)
    before = open_descriptors()

    with pytest.raises(SandboxUnavailable, match=r"cannot use .* for workspaces: Permission denied"):
        Workspaces(place / "root").claim()

    assert open_descriptors() == before


def test_a_part_that_is_gone_gives_no_more_workspaces(place: Path) -> None:
    claim = Workspaces(place / "root").claim()
    claim.path.rmdir()

    with pytest.raises(SandboxUnavailable, match="cannot make a workspace"):
        claim.create()
    claim.close()
