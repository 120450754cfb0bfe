"""Which layers hold for a change, and what is wrong with those that do not."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from app.adapters.rules.policy_file import parse_policy
from app.domain.entries import Kind
from app.domain.objects import Blob
from app.domain.policy import POLICY_PATH, Policy
from app.domain.policy_layers import Layer, Source
from app.domain.pull_request import PullRequestRef
from app.usecases.policies import Above, Ceilings, read_layer, settle, with_floor
from app.usecases.review.gather import gather
from tests.build import BASE, HEAD, REF, pull_request
from tests.fakes.repository import FakeRepository


@dataclass
class Organisations:
    """Accounts that have a policy."""

    blob: Blob | None
    asked: list[tuple[PullRequestRef, str]] = field(default_factory=list)

    async def read(self, ref: PullRequestRef, owner: str) -> Blob | None:
        self.asked.append((ref, owner))
        return self.blob


def blob(text: str, kind: Kind = Kind.FILE) -> Blob:
    return Blob(text.encode(), len(text), False, kind)


DEPLOYMENT = Layer.of(Source.DEPLOYMENT, parse_policy(b"version: 1\nlimits: {rounds: 2}\n", "x"))


async def test_without_anything_above_there_is_nothing() -> None:
    assert await Ceilings(parse_policy).above(pull_request()) == Above()


async def test_the_deployment_and_the_organisation_stand_above() -> None:
    organisations = Organisations(blob("version: 1\nreview: {drafts: true}\n"))

    above = await Ceilings(parse_policy, DEPLOYMENT, organisations).above(pull_request())

    assert [layer.source for layer in above.layers] == [Source.DEPLOYMENT, Source.ORGANISATION]
    assert above.problems == ()
    assert organisations.asked == [(REF, "acme")]


async def test_an_organisation_file_that_is_not_valid_leaves_the_deployment() -> None:
    above = await Ceilings(parse_policy, DEPLOYMENT, Organisations(blob("version: 2\n"))).above(pull_request())

    assert above.layers == (DEPLOYMENT,)
    assert above.problems == (
        "acme/.github/revwright.yml:1:10: this version of the policy format is not known; write `version: 1`",
    )


@pytest.mark.parametrize(
    ("base", "branches", "floor"),
    [
        ("main", (), None),
        ("loose", (), "main"),
        ("loose", ("release/*",), "main"),
        ("release/1", ("release/*",), None),
        ("release/1/x", ("release/*",), "main"),
        ("Release/1", ("release/*",), "main"),
    ],
)
def test_the_default_branch_is_a_floor_below_all_others_but_those_of_the_operator(
    base: str, branches: tuple[str, ...], floor: str | None
) -> None:
    assert Ceilings(parse_policy, branches=branches).floor_branch(pull_request(base_ref=base)) == floor


@pytest.mark.parametrize("text", [None, "version: 1\ntiers: {core: [{paths: [a]}]}\n", "version: 2\n"])
async def test_the_floor_is_complete_whatever_the_default_branch_has(text: str | None) -> None:
    repository = FakeRepository({BASE: {} if text is None else {POLICY_PATH: text.encode()}}, None)

    above = await with_floor(Above((DEPLOYMENT,)), repository, BASE, parse_policy)

    deployment, floor = above.layers
    assert (deployment, floor.source, floor.complete) == (DEPLOYMENT, Source.DEFAULT_BRANCH, True)
    assert bool(floor.policy.tiers.core) == (text is not None and "core" in text)
    assert [problem.partition(": ")[0] for problem in above.problems] == (
        ["the default branch's .github/revwright.yml:1:10"] if text == "version: 2\n" else []
    )


def test_a_file_that_is_too_long_is_not_read_at_all() -> None:
    large = Blob(b"version: 1\n", 70_000, True, Kind.FILE)

    found = read_layer(large, Source.REPOSITORY, "x.yml", parse_policy)

    assert found == Above((), ("x.yml:1:1: the file has 70000 bytes; keep it under 65536",))


def test_what_is_wrong_with_any_file_is_told_and_the_valid_ones_hold() -> None:
    effective, problems = settle(Above((DEPLOYMENT,), ("first",)), blob("x", Kind.SYMLINK), parse_policy)

    assert effective.policy.limits.rounds == 2
    assert problems == ("first", f"{POLICY_PATH} must be a regular file, not a symlink")
    assert settle(Above(), None, parse_policy)[0].policy == Policy()


async def test_a_snapshot_has_what_holds_with_its_sources_and_what_was_cut() -> None:
    base = {POLICY_PATH: b"version: 1\nlimits:\n  rounds: 9\n"}
    repository = FakeRepository({BASE: base, HEAD: {**base, "a.py": b"x"}}, BASE)

    above = await with_floor(Above((DEPLOYMENT,)), repository, BASE, parse_policy)
    frozen = await gather(repository, parse_policy, base=BASE, head=HEAD, title="", body="", above=above)

    assert frozen.policy.limits.rounds == 2
    assert frozen.policy_sources["limits.rounds"] == (Source.DEPLOYMENT,)
    assert [(cut.layer, cut.asked, cut.line) for cut in frozen.narrowed] == [
        (Source.DEFAULT_BRANCH, "9", 3),
        (Source.REPOSITORY, "9", 3),
    ]
