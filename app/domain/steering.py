"""What steers a review besides the change itself, as one digest: with another one, earlier coverage counts no more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from app.domain.prompting import PromptTemplates
from app.domain.rules import Rule
from app.domain.snapshot import Snapshot


def steering(snapshot: Snapshot, rules: Iterable[Rule], templates: PromptTemplates, models: Iterable[str]) -> str:
    """SHA-256 in hexadecimal. `rules` are all that the policy allows: which of them speak of the change may change with
    a push. How many findings are shown, and what blocks, changes no coverage.
    """
    policy = snapshot.policy
    material = {
        "instructions": policy.review.instructions,
        "tiers": repr(policy.tiers),
        "guidelines": [(g.path, g.text) for g in snapshot.guidelines],
        "skills": [(skill.name, skill.description, skill.digest) for skill in snapshot.skills],
        "rules": [(rule.id, rule.severity, rule.title, rule.prose) for rule in rules],
        "prompts": repr(templates),
        "models": list(models),
    }
    return hashlib.sha256(json.dumps(material, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()
