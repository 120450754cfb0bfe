"""What stands in a receipt: the whole review, nothing lost, in the published shape."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.canonical_json import canonical_json, digest
from app.domain.coverage import CoverageLedger, LedgerEntry, Unreviewed
from app.domain.memory import FindingState
from app.domain.model import ModelCall, Usage
from app.domain.plain_values import built, plain
from app.domain.receipt import (
    Cost,
    EntryTold,
    FindingTold,
    ModelUsed,
    Receipt,
    VerdictTold,
    escaped_path,
    same_outcome,
)
from app.domain.receipt_basis import Basis, PromptUsed, RulePackUsed, packs_used, prompts_of, prompts_used
from app.domain.report import Bill, ModelUse
from app.domain.tiers import Tier
from app.domain.verdict import Blocked, NeedsHuman
from tests import reports
from tests.receipts import BASIS, RULES, receipt
from tests.reports import known

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent.parent / "docs/receipt.schema.json").read_text("utf-8")
)
EVIL = "\x1b]0;x\x07\u202e\ud800\x00"
REPORTS = {
    "passed": reports.passed(),
    "blocked": reports.blocked(),
    "incomplete": reports.incomplete(),
    "person": replace(reports.passed(), verdict=NeedsHuman((f"approve {EVIL}",)), bill=None, models=()),
    "unknown cost": replace(reports.passed(), models=(ModelUse(EVIL, 1, Usage(1, 0, 1, known=False), None),)),
    "settled": replace(
        reports.passed(),
        fixed=(known(reports.PROVEN, FindingState.FIXED),),
        dismissed=(known(reports.WRONG_CENTS, FindingState.DISMISSED),),
    ),
    "odd paths": replace(
        reports.passed(),
        ledger=CoverageLedger((LedgerEntry("a\\x80\udc80\n", Tier.CORE, EVIL, Unreviewed(EVIL)),)),
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_every_receipt_holds_to_the_published_schema_and_can_be_signed(name: str) -> None:
    payload = json.loads(canonical_json(plain(receipt(REPORTS[name]))))

    jsonschema.Draft202012Validator(SCHEMA).validate(payload)
    assert built(Receipt, payload, "payload") == receipt(REPORTS[name])


def test_the_schema_is_one_that_refuses_something_and_names_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    payload: Any = plain(receipt())
    validator = jsonschema.Draft202012Validator(SCHEMA)

    assert set(SCHEMA["required"]) == set(payload) == set(SCHEMA["properties"])
    assert not validator.is_valid(payload | {"more": 1})
    assert not validator.is_valid(payload | {"format": "revwright-receipt/2"})
    assert not validator.is_valid(payload | {"head": "b" * 39})


def test_findings_coverage_verdict_and_cost_are_those_of_the_report() -> None:
    report = replace(
        reports.blocked(),
        fixed=(known(reports.MOVED, FindingState.FIXED),),
        dismissed=(),
        bill=Bill(0.1234567, 2.0),
        models=(ModelUse("main", 3, Usage(100, 20, 7), 0.000_001_4), ModelUse("other", 1, Usage(1, 1, 1), 0.5)),
    )
    told = receipt(report)
    assert isinstance(report.verdict, Blocked)
    blocking = tuple(finding.id for finding in report.verdict.findings)

    assert [one.id for one in told.findings] == [*(f.id for f in report.findings), reports.MOVED.id]
    assert {one.id for one in told.findings if one.blocks} == set(blocking)
    assert told.findings[-1] == FindingTold(reports.MOVED.id, "P2", "fixed", None, blocks=False)
    assert [one.path for one in told.coverage] == [one.path for one in report.ledger.entries]
    assert [one.state for one in told.coverage].count("reviewed") == len(report.ledger.reviewed)
    assert [one.state for one in told.coverage].count("excluded") == len(report.ledger.excluded)
    assert told.verdict == VerdictTold("blocked", blocking, ())
    assert told.cost == Cost(500_001, 123_457, 2_000_000)
    assert told.models[0] == ModelUsed("main", 3, 100, 20, 7, 1)
    assert told.made_at == "2026-11-21T12:00:00Z"


def test_each_state_of_an_entry_says_why() -> None:
    told = {entry.state: entry for entry in receipt(reports.incomplete()).coverage}
    unreviewed = told["unreviewed"]

    assert unreviewed.reason
    assert unreviewed.reviewed_as is None
    reviewed = next(one for one in receipt().coverage if one.state == "reviewed")
    assert reviewed == EntryTold(reviewed.path, reviewed.tier, reviewed.tier_reason, "reviewed", reviewed.tier, None)
    assert next(one for one in receipt().coverage if one.state == "excluded").reason


def test_a_review_without_a_model_says_so() -> None:
    note = "Static rules ran, AI did not look: no model is configured."
    told = receipt(replace(reports.incomplete(), models=(), bill=None, model_note=note))

    assert (told.models, told.model_note, told.cost) == ((), note, Cost(0, None, None))


def test_what_it_took_is_no_part_of_what_it_came_to() -> None:
    """An attempt after a crash asks nobody again, and comes to the same."""
    later: dict[str, Any] = {
        "made_at": "2026-11-21T13:00:00Z",
        "models": (),
        "prompts": tuple(replace(one, calls=None) for one in receipt().prompts),
        "carried": 9,
        "cost": Cost(0, 0, None),
    }
    assert same_outcome(receipt(), receipt(**later))
    for name in {field.name for field in fields(Receipt)} - later.keys():
        assert not same_outcome(receipt(), receipt(**{name: None})), name


@given(st.binary(max_size=30))
def test_a_path_of_any_bytes_can_be_turned_back(path: bytes) -> None:
    decoded = path.decode("utf-8", "surrogateescape")
    escaped = escaped_path(decoded)

    canonical_json(escaped)
    back = re.sub(r"\\(\\|x([0-9a-f]{2}))", lambda m: chr(0xDC00 + int(m[2], 16)) if m[2] else "\\", escaped)
    assert back.encode("utf-8", "surrogateescape") == path


def test_packs_are_named_by_what_is_in_them() -> None:
    """The same rules in another order are the same version; a rule that reads differently makes another one."""
    (pack,) = packs_used(RULES, RULES[:1])
    changed = (RULES[0], replace(RULES[1], sha256="9" * 64))

    assert pack == RulePackUsed("python", digest([["python/a", "1" * 64], ["python/b", "2" * 64]]), 2, 1)
    assert packs_used(reversed(RULES), RULES[:1]) == (pack,)
    assert packs_used(changed, RULES[:1])[0].sha256 != pack.sha256


def test_prompts_count_the_calls_that_had_them_as_their_task() -> None:
    labels = ("standard 1/2, step 1", "standard 2/2, step 1", "judge 1, step 1", "recheck 1, step 2", "odd")
    calls = [ModelCall(label, "m", Usage.none(), None, 0.0) for label in labels]

    assert [(one.name, one.calls) for one in prompts_used(BASIS, calls)] == [
        ("judge", 2),
        ("review_standard", 2),
        ("system", None),
    ]
    assert prompts_used(Basis(), calls) == ()
    text = b"Review.\n"
    assert prompts_of({"system": text.decode()}) == (PromptUsed("system", hashlib.sha256(text).hexdigest(), None),)
