"""The operator's ceiling is read once, at the start, and what is wrong with it keeps the process from starting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.domain.errors import SettingsInvalid
from app.domain.policy_layers import Source
from app.settings import Settings

HOME = {"HOME": "/home/op"}


def refusal(path: Path) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment({**HOME, "REVWRIGHT_POLICY_FILE": str(path)})
    return str(caught.value)


def test_without_a_file_there_is_no_ceiling() -> None:
    policy = Settings.from_environment(HOME).policy

    assert (policy.deployment, policy.branches) == (None, ())


def test_the_file_is_the_layer_of_the_deployment(tmp_path: Path) -> None:
    file = tmp_path / "policy.yml"
    file.write_text("version: 1\nlimits:\n  rounds: 3\n")

    layer = Settings.from_environment({**HOME, "REVWRIGHT_POLICY_FILE": str(file)}).policy.deployment

    assert layer is not None
    assert (layer.source, layer.policy.limits.rounds) == (Source.DEPLOYMENT, 3)
    assert dict(layer.given) == {"limits.rounds": (3, 3)}


def test_it_may_be_a_link_as_kubernetes_mounts_it(tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text("version: 1\n")
    link = tmp_path / "link.yml"
    link.symlink_to("policy.yml")

    assert Settings.from_environment({**HOME, "REVWRIGHT_POLICY_FILE": str(link)}).policy.deployment is not None


def test_every_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "policy.yml"
    file.write_text("version: 1\nreveiw: {}\nlimits: {rounds: 0}\n")

    lines = [line.strip() for line in refusal(file).split("\n")]

    assert lines[0] == "2 settings need attention:"
    assert lines[1] == f"REVWRIGHT_POLICY_FILE: {file}:2:1: unknown key 'reveiw': did you mean 'review'?"
    assert lines[2].startswith(f"REVWRIGHT_POLICY_FILE: {file}:3:18: limits.rounds is the number 0; write")


def test_what_is_no_regular_file_of_its_size_is_refused_at_once(tmp_path: Path) -> None:
    fifo, large = tmp_path / "fifo", tmp_path / "large"
    os.mkfifo(fifo)
    large.write_bytes(b"#" * 70_000)

    assert "is no policy file: it is not a regular file" in refusal(fifo)
    assert "is no policy file: it has more than 65,536 bytes; shorten it" in refusal(large)
    assert "is no policy file: it is not a regular file" in refusal(tmp_path)
    assert f"there is no file '{tmp_path}/none'" in refusal(tmp_path / "none")
    assert "is no policy file: it cannot be read: " in refusal(tmp_path / "large" / "below")


def test_branches_are_patterns_and_commas_in_braces_are_theirs() -> None:
    policy = Settings.from_environment({**HOME, "REVWRIGHT_POLICY_BRANCHES": "release/*, v{1,2}.x ,"}).policy

    assert policy.branches == ("release/*", "v{1,2}.x")
