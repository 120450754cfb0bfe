"""What a server's reason for not moving a ref means."""

from __future__ import annotations

import pytest

from app.domain.pushing import PushRefusal, refusal

WORKFLOW = (
    "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` "
    "permission"
)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("protected branch hook declined", PushRefusal.PROTECTED),
        ("push declined due to repository rule violations", PushRefusal.PROTECTED),
        (WORKFLOW, PushRefusal.WORKFLOW),
        ("permission denied", PushRefusal.PERMISSION),
        ("deny updating a hidden ref", PushRefusal.PERMISSION),
        ("pre-receive hook declined", PushRefusal.HOOK),
        ("hook declined", PushRefusal.HOOK),
        ("push declined due to email privacy restrictions", PushRefusal.HOOK),
        ("branch is currently checked out", PushRefusal.OTHER),
        ("", None),
        ("stale info", None),
        ("non-fast-forward", None),
        ("failed to update ref", None),
        ("cannot lock ref 'refs/heads/x': is at 1 but expected 2", None),
        ("incorrect old value provided", None),
        ("reference already exists", None),
    ],
)
def test_reasons_of_git_and_of_github(words: str, meaning: PushRefusal | None) -> None:
    assert refusal(words) is meaning
