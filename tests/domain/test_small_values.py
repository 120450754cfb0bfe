"""Names, keys, prices and rule choice: the small pure things."""

from __future__ import annotations

import pytest

from app.domain.jobs import JobKind, RowKey
from app.domain.model import Usage
from app.domain.policy import RulesPolicy
from app.domain.prices import Price, cost_usd
from app.domain.pull_request import PullRequestRef, RepositoryName
from app.domain.rule_choice import applies, enabled, for_paths
from tests.build import rule


def test_row_keys_survive_a_round_trip() -> None:
    key = RowKey(JobKind.REVIEW, PullRequestRef(1, 2, 3))

    assert str(key) == "review:1:2:3"
    assert RowKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "review", "review:1:2", "review:1:2:3:4", "other:1:2:3", "review:a:b:c"])
def test_other_texts_are_no_row_keys(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        RowKey.parse(text)


def test_repository_names() -> None:
    assert str(RepositoryName.parse("acme/web")) == "acme/web"
    for wrong in ("acme", "/web", "acme/", "a/b/c"):
        with pytest.raises(ValueError, match="not owner/name"):
            RepositoryName.parse(wrong)


def test_cost_counts_cached_tokens_at_their_own_price() -> None:
    prices = {"m": Price(input=2.0, cached=0.5, output=8.0)}

    assert cost_usd(prices, "m", Usage(1_000_000, 400_000, 100_000)) == pytest.approx(1.2 + 0.2 + 0.8)
    assert cost_usd(prices, "other", Usage(1, 0, 1)) is None
    assert cost_usd(prices, "m", Usage(0, 0, 0, known=False)) is None


def test_usage_adds_up_and_stays_unknown_once_it_is() -> None:
    assert Usage(1, 2, 3) + Usage(10, 20, 30) == Usage(11, 22, 33)
    assert (Usage.none() + Usage(0, 0, 0, known=False)).known is False


def test_rules_are_chosen_by_pack_id_and_path() -> None:
    rules = (rule("python/a", globs=("**/*.py",)), rule("python/b"), rule("sql/c", globs=("**/*.sql",)))

    assert enabled(rules, RulesPolicy()) == rules
    assert enabled(rules, RulesPolicy(packs=("sql",))) == rules[2:]
    assert enabled(rules, RulesPolicy(disable=("python/b",))) == (rules[0], rules[2])
    assert for_paths(rules, ["src/x.py"]) == rules[:2]
    assert for_paths(rules, []) == ()
    assert applies(rules[2], "q.sql")
