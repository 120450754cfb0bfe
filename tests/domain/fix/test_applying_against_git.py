"""What git prints as the difference of two files makes of the one the other, whatever their lines look like."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from app.domain.fix.applying import apply_to
from app.domain.fix.patch_text import parse_patch

LINES = ("alpha", "  beta", "\tgamma", "", "-- x", "++ y", "@@ z", "*** End Patch", *(f"line {n}" for n in range(40)))


def two_files(seed: int) -> tuple[str, str]:
    chance = random.Random(seed)
    old = [chance.choice(LINES) for _ in range(chance.randrange(1, 60))]
    new = list(old)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(new) + 1)
        if chance.random() < 0.5 and at < len(new):
            del new[at]
        else:
            new.insert(at, f"{chance.choice(LINES)}{seed}")
    end = chance.choice(["\n", "\r\n"])
    last_old, last_new = (end if chance.random() < 0.7 else "" for _ in range(2))
    return end.join(old) + last_old, end.join([*new, f"last {seed}"]) + last_new


@pytest.mark.parametrize("seed", range(40))
def test_a_diff_of_git(seed: int, tmp_path: Path) -> None:
    old, new = two_files(seed)
    for side, content in (("a", old), ("b", new)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "f.txt").write_bytes(content.encode())

    diff = subprocess.run(
        ["git", "diff", "--no-index", "--no-prefix", "--no-ext-diff", "--no-color", "a/f.txt", "b/f.txt"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    ).stdout.decode()

    (edit,) = parse_patch(diff)
    assert (edit.path, apply_to(old, edit)) == ("f.txt", new)
