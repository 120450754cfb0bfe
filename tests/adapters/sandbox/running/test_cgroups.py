"""Cgroups of both versions are found, made, bounded, read and removed; sweeping takes what is dead and nothing else.

Version 2 is a tree of ordinary files here, for its controllers may be bound to version 1 on the machine that runs this:
what is written where is tested, not what the kernel makes of it.
"""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from app.adapters.sandbox.running.cgroup_detection import detect
from app.adapters.sandbox.running.cgroup_v1 import Version1
from app.adapters.sandbox.running.cgroup_v2 import Version2
from app.adapters.sandbox.running.cgroups import Cgroups, Events, Group, Subtree
from app.domain.sandbox import CommandLimits

LIMITS = CommandLimits(memory_bytes=64 << 20, processes=50)


@pytest.fixture
def cgroups() -> Cgroups:
    found = detect()
    if found is None or os.getuid() != 0:
        pytest.skip("this process may not make cgroups for memory and processes below its own")
    return found


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4()}"


def process(folder: Path, *, mounts: str, cgroup: str) -> Path:
    """A /proc/self for `detect`."""
    (folder / "mountinfo").write_text(mounts)
    (folder / "cgroup").write_text(cgroup)
    return folder


def mount(number: int, root: str, point: Path, kind: str, options: str) -> str:
    return f"{number} 1 0:{number} {root} {point} rw,nosuid shared:9 - {kind} cgroup {options}\n"


class TestDetection:
    def test_version_1_is_found_where_its_hierarchies_are_mounted(self, tmp_path: Path) -> None:
        for path in ("memory/docker/abc", "pids/abc", "cpu,cpuacct"):
            (tmp_path / path).mkdir(parents=True)
        found = detect(
            process(
                tmp_path,
                mounts=mount(30, "/", tmp_path / "memory", "cgroup", "rw,memory")
                + mount(31, "/docker", tmp_path / "pids", "cgroup", "rw,pids")
                + mount(32, "/docker/abc", tmp_path / "cpu,cpuacct", "cgroup", "rw,cpu,cpuacct")
                + "33 1 0:33 / / rw - ext4 /dev/vda rw\n",
                cgroup="3:cpu,cpuacct:/docker/abc\n2:pids:/docker/abc\n1:memory:/docker/abc\n0::/\n",
            )
        )

        assert found == Cgroups(
            Version1(memory=tmp_path / "memory/docker/abc", pids=tmp_path / "pids/abc", cpu=tmp_path / "cpu,cpuacct")
        )

    def test_version_2_is_found_where_its_controllers_are(self, tmp_path: Path) -> None:
        own = tmp_path / "unified/system.slice/revwright.service"
        own.mkdir(parents=True)
        (own / "cgroup.controllers").write_text("cpu memory pids\n")
        found = detect(
            process(
                tmp_path,
                mounts=mount(30, "/", tmp_path / "unified", "cgroup2", "rw,nsdelegate"),
                cgroup="0::/system.slice/revwright.service\n",
            )
        )

        assert found == Cgroups(Version2(own))

    @pytest.mark.parametrize(
        ("mounts", "cgroup"),
        [
            ("", ""),
            ("", "0::/\n"),
            ("30 1 0:30 / {tmp}/none rw - cgroup cgroup rw,memory\n", "1:memory:/\n2:pids:/\n"),
            ("30 1 0:30 /other {tmp} rw - cgroup2 cgroup rw\n", "0::/mine\n"),
            ("30 1 0:30 / {tmp} rw - cgroup2 cgroup rw\n", "0::/\n"),
            ("nonsense\n", "nonsense\n"),
        ],
    )
    def test_nothing_usable_is_none(self, tmp_path: Path, mounts: str, cgroup: str) -> None:
        (tmp_path / "cgroup.controllers").write_text("hugetlb\n")

        assert detect(process(tmp_path, mounts=mounts.format(tmp=tmp_path), cgroup=cgroup)) is None

    def test_a_machine_without_proc_is_none(self, tmp_path: Path) -> None:
        assert detect(tmp_path / "none") is None


class TestVersion2:
    @pytest.fixture
    def own(self, tmp_path: Path) -> Path:
        (tmp_path / "cgroup.procs").write_text(f"{os.getpid()}\n")
        (tmp_path / "cgroup.controllers").write_text("cpuset cpu memory pids\n")
        return tmp_path

    def test_our_cgroup_is_made_ready_for_children(self, own: Path) -> None:
        Version2(own).enable()

        assert (own / "revwright.self/cgroup.procs").read_text() == str(os.getpid())
        assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"

    def test_who_has_moved_already_stays(self, own: Path) -> None:
        (own / "cgroup.procs").write_text("")
        Version2(own).enable()

        assert not (own / "revwright.self").exists()

    def test_a_runner_may_do_all_below_its_own(self, own: Path) -> None:
        for file in ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
            (own / file).touch()
        Version2(own).delegate((own,), os.getuid())

        assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"

    def test_limits_are_written(self, own: Path) -> None:
        (own / "memory.swap.max").write_text("max")
        Version2(own).bound((own,), LIMITS, 0.5)

        written = {path.name: path.read_text() for path in own.iterdir() if not path.name.startswith("cgroup.")}
        assert written == {
            "memory.max": "67108864",
            "memory.swap.max": "0",
            "memory.oom.group": "1",
            "pids.max": "50",
            "cpu.max": "50000 100000",
        }

    def test_events_are_read(self, own: Path) -> None:
        (own / "memory.events").write_text("low 0\nhigh 0\nmax 12\noom 2\noom_kill 3\noom_group_kill 1\n")
        (own / "pids.events").write_text("max 4\n")
        (own / "pids.current").write_text("7\n")

        assert Group(Version2(own), (own,)).events() == Events(memory_kills=3, refused_processes=4, tasks=7)


class TestHere:
    """On the machine that runs the tests, as root."""

    def test_limits_are_set(self, cgroups: Cgroups, name: str) -> None:
        subtree = cgroups.prepare(name, cpus=1)
        group = subtree.make(LIMITS)
        found = {
            file: (directory / file).read_text().strip()
            for directory in group.directories
            for file in ("memory.limit_in_bytes", "memory.max", "pids.max", "cpu.cfs_quota_us", "cpu.max")
            if (directory / file).exists()
        }
        subtree.remove(group)
        subtree.close()

        assert found["pids.max"] == "50"
        assert "67108864" in found.values()
        assert not any(directory.exists() for directory in subtree.directories)

    def test_a_name_is_taken_once(self, cgroups: Cgroups, name: str) -> None:
        subtree = cgroups.prepare(name)
        with pytest.raises(FileExistsError):
            cgroups.prepare(name)
        still = all(directory.exists() for directory in subtree.directories)
        subtree.close()

        assert still

    def test_what_is_busy_is_removed_later(self, cgroups: Cgroups, name: str) -> None:
        subtree = cgroups.prepare(name)
        group = subtree.make(LIMITS)
        with subprocess.Popen(["sleep", "1000"]) as busy:
            group.attach(busy.pid)
            subtree.remove(group)
            left = [directory.exists() for directory in group.directories]
            busy.kill()
        subtree.remove(subtree.make(LIMITS))

        assert all(left)
        assert not any(directory.exists() for directory in group.directories)
        subtree.close()

    def test_a_sweep_kills_what_a_dead_runner_left(self, cgroups: Cgroups, name: str) -> None:
        dead = cgroups.prepare(f"{name}-dead")
        for claim in dead._claims:
            os.close(claim)
        alive, claimed = cgroups.prepare(f"{name}-alive"), cgroups.prepare(f"{name}-claimed")
        with subprocess.Popen(["sleep", "1000"]) as orphan:
            dead.make(LIMITS).attach(orphan.pid)
            cgroups.sweep(lambda other: other not in {f"{name}-dead", f"{name}-claimed"})
            status = orphan.wait(timeout=30)
        stay = [all(directory.exists() for directory in one.directories) for one in (dead, alive, claimed)]
        alive.close()
        claimed.close()

        assert status == -9
        assert stay == [False, True, True]


def test_removal_waits_for_nothing_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In ordinary directories, of which one that is not empty is as one that is busy."""
    busy, runner = tmp_path / "runner/0", tmp_path / "runner"
    (busy / "process").mkdir(parents=True)
    subtree = Subtree(Version2(tmp_path), (runner,))
    slept = list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        (busy / "process").rmdir()

    monkeypatch.setattr(time, "sleep", sleep)
    subtree.remove(Group(Version2(tmp_path), (busy,)))

    assert slept == []
    subtree.close()
    assert len(slept) == 1
    assert not runner.exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-a", "a" * 65, "a\n"])
def test_a_name_is_one_of_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a cgroup"):
        Cgroups(Version2(tmp_path)).prepare(name)
