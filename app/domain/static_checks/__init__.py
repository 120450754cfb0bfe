"""Checks that need no model: the same change always gives the same hits."""

from __future__ import annotations

from app.domain.static_checks.check import BUILT_IN_CHECKS, check_file
from app.domain.static_checks.hit import StaticHit
from app.domain.static_checks.secret_hits import RULE_ID as SECRET
from app.domain.static_checks.secret_hits import secrets_in
from app.domain.static_checks.secret_redaction import redact_secrets
from app.domain.static_checks.structural_hits import patterns_for, structural_asks, structural_hits, structural_rules

__all__ = [
    "BUILT_IN_CHECKS",
    "SECRET",
    "StaticHit",
    "check_file",
    "patterns_for",
    "redact_secrets",
    "secrets_in",
    "structural_asks",
    "structural_hits",
    "structural_rules",
]
