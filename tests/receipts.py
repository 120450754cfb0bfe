"""A receipt with something of everything, a key, and its signed file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from app.adapters.signing.ed25519 import SigningKey
from app.domain.guidelines import Guideline
from app.domain.policy import Policy
from app.domain.receipt import Receipt, receipt_of
from app.domain.receipt_basis import Basis, packs_used, policy_digest, prompts_of
from app.domain.receipt_file import Verify, receipt_file, signed_bytes
from app.domain.report import Report
from tests import reports
from tests.build import REF, REPOSITORY, rule

RUN = "5f2c91d0a3b84e67"
MADE = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RULES = (replace(rule("python/a"), sha256="1" * 64), replace(rule("python/b"), sha256="2" * 64))
BASIS = Basis(
    policy=policy_digest(Policy()),
    policy_problems=0,
    rule_packs=packs_used(RULES, RULES[:1]),
    prompts=prompts_of({"system": "Review.\n", "review_standard": "Look.\n", "judge": "Judge.\n"}),
)
KEY = SigningKey.generate()


def receipt(report: Report | None = None, **changes: object) -> Receipt:
    """Of a blocked review, or of another one; keyword arguments replace fields."""
    told = report or reports.blocked()
    hashed = Guideline("AGENTS.md", "text", 0, "3" * 64, 4)
    told = replace(told, guidelines=(hashed,))
    made = receipt_of(told, BASIS, run=RUN, ref=REF, repository=REPOSITORY, made_at=MADE, version="0.1.0")
    return replace(made, **changes)  # type: ignore[arg-type]


def signed(content: Receipt, key: SigningKey = KEY) -> bytes:
    """The bytes of its file."""
    message = signed_bytes(content)
    return receipt_file(message, key.sign(message))


def keys_of(*keys: SigningKey) -> Mapping[str, Verify]:
    return {key.public.id: key.public.verifies for key in keys}
