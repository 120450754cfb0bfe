"""The policy file: every key is read, every mistake is named with its place and what to write instead."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.adapters.rules.policy_file import PACKS, enough_for, parse_policy
from app.domain.errors import PolicyInvalid, PolicyProblem
from app.domain.policy import (
    LEAST_PERMISSIONS,
    CoreRequirement,
    Delivery,
    FixPolicy,
    LimitsPolicy,
    ParsedPolicy,
    Policy,
    ReviewPolicy,
    RulesPolicy,
    TierPolicy,
    Trigger,
)
from app.domain.policy_keys import KEYS
from app.domain.severity import Severity

_ROOT = Path(__file__).parents[3]
_PATH = ".github/revwright.yml"

FULL = b"""\
version: 1
review:
  triggers: [opened, push]
  drafts: true
  block_at: P2
  max_findings: 5
  instructions: "Money is in cents."
tiers:
  skip:  ["**/*.lock", "vendor/**"]
  light: ["docs/**", "**/*.md"]
  core:
    - paths: ["app/auth/**", "migrations/**"]
      approvals: 2
      from: ["@acme/security", "@alice"]
      reason: "A mistake here locks everybody out."
    - paths: [infra/]
rules: {packs: [general, python], disable: [python/eval-exec], extra: [team/rules, .github/review_rules/]}
fix:
  enabled: false
  verify: ["pytest -q"]
  setup:
    - |
      pip install -e .
      make data
  deliver: suggest
  max_attempts: 1
  max_changed_lines: 50
commands: {fix: maintain, ask: admin, status: triage}
limits: {usd_per_pull_request: 0.5, rounds: 2}
"""


def _problems(data: bytes) -> tuple[PolicyProblem, ...]:
    with pytest.raises(PolicyInvalid) as caught:
        parse_policy(data, _PATH)
    assert caught.value.path == _PATH
    return caught.value.problems


def test_every_key_is_read() -> None:
    assert parse_policy(FULL, _PATH).policy == Policy(
        review=ReviewPolicy(
            triggers=frozenset({Trigger.OPENED, Trigger.PUSH}),
            drafts=True,
            block_at=Severity.P2,
            max_findings=5,
            instructions="Money is in cents.",
        ),
        tiers=TierPolicy(
            skip=("**/*.lock", "vendor/**"),
            light=("docs/**", "**/*.md"),
            core=(
                CoreRequirement(
                    paths=("app/auth/**", "migrations/**"),
                    approvals=2,
                    from_=("@acme/security", "@alice"),
                    reason="A mistake here locks everybody out.",
                ),
                CoreRequirement(paths=("infra/",)),
            ),
        ),
        rules=RulesPolicy(
            packs=("general", "python"),
            disable=("python/eval-exec",),
            extra=("team/rules/", ".github/review_rules/"),
        ),
        fix=FixPolicy(
            enabled=False,
            verify=("pytest -q",),
            setup=("pip install -e .\nmake data\n",),
            deliver=Delivery.SUGGEST,
            max_attempts=1,
            max_changed_lines=50,
        ),
        commands=(("fix", "maintain"), ("ask", "admin"), ("status", "triage")),
        limits=LimitsPolicy(usd_per_pull_request=0.5, rounds=2),
    )


def test_nothing_but_the_version_gives_the_defaults() -> None:
    assert parse_policy(b"version: 1\n", _PATH) == ParsedPolicy(Policy())
    assert parse_policy(
        b"version: 1\nreview: {}\ntiers: {}\nrules: {}\nfix: {}\ncommands: {}\nlimits: {}", _PATH
    ) == ParsedPolicy(Policy())


def test_empty_lists_are_choices() -> None:
    policy = parse_policy(b"version: 1\nreview: {triggers: []}\nrules: {packs: []}", _PATH).policy
    assert policy.review.triggers == frozenset()
    assert policy.rules.packs == ()


def test_what_stands_in_the_file_is_known_with_its_place() -> None:
    parsed = parse_policy(b"version: 1\nreview:\n  drafts: false\ncommands: {fix: write}\ntiers: {}\n", _PATH)

    assert dict(parsed.given) == {"review.drafts": (3, 3), "commands.fix": (4, 12)}
    assert set(parse_policy(FULL, _PATH).given) == {key.name for key in KEYS} - {
        f"commands.{verb}" for verb in LEAST_PERMISSIONS if verb not in {"fix", "ask", "status"}
    }


def test_all_mistakes_are_named_at_once_with_their_place() -> None:
    data = b"""\
version: 2
reveiw: {}
review:
  drafts: yes
  trigers: []
  block_at: p1
  max_findings: 0
  triggers: [opened, opend, opened]
tiers:
  skip: "*.lock"
  light: ["/x", 7, " ", "a**b"]
  core:
    - path: ["a"]
    - paths: []
      from: [alice, "@a/b", "@bot[bot]"]
      approvals: 1.5
    - nope
rules: {packs: [ruby], disable: [x], extra: ["/etc", "../x", "a/*"]}
fix: {enabled: "true", deliver: pr, max_attempts: 99, verify: {}}
commands: {fix: triage, status: 3, foo: write}
limits: {usd_per_pull_request: -1, rounds: }
"""
    assert [f"{p.line}:{p.column} {p.message}" for p in _problems(data)] == [
        "1:10 this version of the policy format is not known; write `version: 1`",
        "2:1 unknown key 'reveiw': did you mean 'review'?",
        "4:11 review.drafts is the text 'yes'; write true or false",
        "5:3 unknown key 'trigers' in review: did you mean 'triggers'?",
        "6:13 review.block_at is 'p1': did you mean 'P1'?",
        "7:17 review.max_findings is the number 0; write a whole number from 1 to 50",
        "8:22 review.triggers[1] is 'opend': did you mean 'opened'?",
        "8:29 opened stands in review.triggers twice; keep one of them",
        "10:9 tiers.skip is the text '*.lock'; write a list: [...]",
        "11:11 tiers.light[0] is '/x': a pattern starts at the repository's root by itself; leave out the leading /",
        "11:17 tiers.light[1] is the number 7; write text; put it in quotes if it looks like something else",
        "11:20 tiers.light[2] is empty; write text or leave it out",
        "11:25 tiers.light[3] is 'a**b': `**` stands alone between slashes, as in `**/*.py` and `docs/**`",
        "13:7 unknown key 'path' in tiers.core[0]: did you mean 'paths'?",
        '13:7 tiers.core[0].paths is missing; write `paths: ["app/auth/**"]`',
        "14:14 tiers.core[1].paths is empty; name at least one path",
        "15:14 tiers.core[1].from[0] is 'alice'; write a person as @name or a team as @organisation/team",
        "15:29 tiers.core[1].from[2] is '@bot[bot]'; write a person as @name or a team as @organisation/team",
        "16:18 tiers.core[1].approvals is the number 1.5; write a whole number from 1 to 10",
        "17:7 tiers.core[2] is the text 'nope'; write a mapping with the keys paths, approvals, from and reason",
        f"18:17 rules.packs[0] is 'ruby': use {', '.join(PACKS[:-1])} or {PACKS[-1]}",
        "18:34 rules.disable[0] is 'x'; write a rule's id as pack/name",
        "18:46 rules.extra[0] is '/etc'; write a directory of this repository as rules/python/, without * and ..",
        "18:54 rules.extra[1] is '../x'; write a directory of this repository as rules/python/, without * and ..",
        "18:62 rules.extra[2] is 'a/*'; write a directory of this repository as rules/python/, without * and ..",
        "19:16 fix.enabled is the text 'true'; write true or false",
        "19:33 fix.deliver is 'pr': use push, pull_request or suggest",
        "19:51 fix.max_attempts is the number 99; write a whole number from 1 to 10",
        "19:63 fix.verify is a mapping; write a list: [...]",
        "20:17 commands.fix is 'triage': use write, maintain or admin",
        "20:33 commands.status is the number 3; write triage, write, maintain or admin",
        "20:36 unknown key 'foo' in commands: use " + ", ".join(list(LEAST_PERMISSIONS)[:-1]) + " or help",
        "21:32 limits.usd_per_pull_request is the number -1; write a number from 0 to 1000",
        "21:44 limits.rounds is empty; write a whole number from 1 to 50",
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "1:1 the file is empty; write a mapping with the keys version, review, tiers, rules, fix, commands "),
        (b"[]", "1:1 the file is a list; write a mapping with the keys version"),
        (b"{}", "1:1 version is missing; write `version: 1`"),
        (b"version: true", "1:10 this version of the policy format is not known"),
        (b"version: 1.0", "1:10 this version of the policy format is not known"),
        (b"version: '1'", "1:10 this version of the policy format is not known"),
        (b"version: [1]", "1:10 this version of the policy format is not known"),
        (b"version: 1\nreview: true", "2:9 review is true; write a mapping with the keys"),
        (b"version: 1\nreview:", "2:8 review is empty; write a mapping with the keys"),
        (b"version: 1\nreview: {drafts: false, drafts: true}", "2:25 the key 'drafts' stands on line 2 already"),
        (b"version: 1\nreview: {max_findings: true}", "2:24 review.max_findings is true; write a whole number"),
        (b"version: 1\nlimits: {usd_per_pull_request: false}", "2:32 limits.usd_per_pull_request is false; write a n"),
        (b"version: 1\nlimits: {usd_per_pull_request: .inf}", "2:32 infinity and not-a-number are not allowed"),
        (b"version: 1\nlimits: {usd_per_pull_request: 1000.01}", "2:32 limits.usd_per_pull_request is the number 10"),
        (b"version: 1\nreview: {triggers: opened}", "2:20 review.triggers is the text 'opened'; write a list"),
        (b"version: 1\nreview: {triggers: [true]}", "2:21 review.triggers[0] is true; write opened, ready_for_rev"),
        (b"version: 1\nreview: {triggers: [a, b, c, d]}", "2:20 review.triggers has 4 items; keep at most 3"),
        (b"version: 1\ntiers: {skip: [" + b"a," * 101 + b"]}", "2:15 tiers.skip has 101 items; keep at most 100"),
        (b"version: 1\nreview: {instructions: '" + b"x" * 4_001 + b"'}", "2:24 review.instructions has 4001 charact"),
        (b"version: 1\nreview: {instructions: 5}", "2:24 review.instructions is the number 5; write text"),
        (b"version: 1\ntiers: {skip: ['" + b"x" * 257 + b"']}", "2:16 tiers.skip[0] has 257 characters; keep it und"),
        (b"version: 1\ntiers: {core: {paths: [a]}}", "2:15 tiers.core is a mapping; write a list"),
        (b"version: 1\nrules: {extra: ['a/../b']}", "2:17 rules.extra[0] is 'a/../b'; write a directory"),
        (b"version: 1\nrules: {extra: ['./a']}", "2:17 rules.extra[0] is './a'; write a directory"),
        (b"version: 1\ncommands: {help: read}", "2:18 commands.help is 'read': use triage, write, maintain or admin"),
        ("version: 1\ncaf\u00e9`\u202e: 1".encode(), "2:1 unknown key 'caf\\xe9\\x60\\u202e': use version"),
        (b"version: 1\n" + b"k" * 60_000 + b": 1", "2:60001 this is not valid YAML"),
        (b"version: 1\n" + b"k" * 900 + b": 1", "2:1 unknown key '" + "k" * 40 + "'...: use version"),
        (b"a: *b", "1:4 aliases (`*name`) are not allowed"),
    ],
)  # fmt: skip
def test_single_mistakes(data: bytes, problem: str | bytes) -> None:
    wanted = problem.decode() if isinstance(problem, bytes) else problem
    first = _problems(data)[0]
    assert f"{first.line}:{first.column} {first.message}".startswith(wanted)


def test_a_hopeless_file_is_refused_quickly_and_briefly() -> None:
    data = b"version: 1\n" + b"\n".join(b"key%d: 1" % n for n in range(2_000))
    start = time.process_time()
    problems = _problems(data)
    assert time.process_time() - start < 0.5
    assert len(problems) == 100


def test_the_documented_example_is_a_policy() -> None:
    page = (_ROOT / "docs/policy.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    policy = parse_policy(example.encode(), _PATH).policy
    assert policy.review == ReviewPolicy(instructions="Money is in cents everywhere.")
    assert policy.limits == LimitsPolicy()


def test_packs_are_the_directories_we_ship() -> None:
    shipped = {path.name for path in (_ROOT / "review_rules").iterdir() if path.is_dir() and path.name[0] not in "._"}
    assert set(PACKS) == shipped


def test_a_command_can_ask_for_more_but_not_for_less() -> None:
    assert enough_for("ask") == ("triage", "write", "maintain", "admin")
    assert enough_for("fix") == ("write", "maintain", "admin")
    assert set(LEAST_PERMISSIONS.values()) == {"triage", "write"}
