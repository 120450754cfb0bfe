"""Tiers: core holds whatever is configured, and every choice names its rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.content_kinds import ContentKind
from app.domain.guidelines import candidate_paths
from app.domain.policy import CoreRequirement, Policy, RulesPolicy, TierPolicy
from app.domain.tiers import ALWAYS_CORE, MEDIA_EXTENSIONS, Tier, TierChoice, tier_of

_EVERYTHING_SKIPPED = Policy(tiers=TierPolicy(skip=("**",), light=("**",)))


@pytest.mark.parametrize(
    "path",
    [
        ".github/revwright.yml",
        "revwright.yml",
        ".github/review_rules/team/no-print.md",
        "AGENTS.md",
        "deep/down/AGENTS.md",
        "AGENTS.override.md",
        "pkg/CLAUDE.md",
        "GEMINI.md",
        ".github/copilot-instructions.md",
        "sub/.github/copilot-instructions.md",
        "Contributing.md",
        ".agents/skills/x/SKILL.md",
        "CODEOWNERS",
        ".github/CODEOWNERS",
        "docs/CODEOWNERS",
        ".github/workflows/ci.yml",
        ".github/workflows/deep/logo.png",
        ".github/actions/setup/action.yml",
        ".gitattributes",
        "vendor/x/.gitattributes",
        ".gitmodules",
        "a/.gitmodules",
        ".github/workflows",
        ".GITHUB/Workflows/ci.yml",
        "agents.MD",
        "CodeOwners",
        "docs/\u017fub/claude.md",
    ],
)
def test_always_core(path: str) -> None:
    choice = tier_of(path, _EVERYTHING_SKIPPED)
    assert choice.tier is Tier.CORE
    assert choice.reason.startswith("always core: ")
    assert choice.reason.endswith(" (built-in)")


@pytest.mark.parametrize(
    "path", ["sub/CODEOWNERS", "workflows/ci.yml", "sub/.github/workflows/x.yml", "AGENTS.md.txt", "sub/revwright.yml"]
)
def test_not_always_core(path: str) -> None:
    assert tier_of(path, Policy()).tier is Tier.STANDARD


@pytest.mark.parametrize("path", candidate_paths(["a/b.py"]))
def test_every_file_that_reviews_are_guided_by_is_core(path: str) -> None:
    assert tier_of(path, _EVERYTHING_SKIPPED).tier is Tier.CORE


def test_a_path_that_is_not_utf8_is_core() -> None:
    path = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    assert tier_of(path, _EVERYTHING_SKIPPED) == TierChoice(Tier.CORE, "the path is not UTF-8 (built-in)")


_POLICY = Policy(
    tiers=TierPolicy(
        skip=("vendor/**", "**/*.lock"),
        light=("docs/**", "**/*.svg", "**/*.png", "**/*.lock"),
        core=(CoreRequirement(paths=("migrations/**", "vendor/core/**")), CoreRequirement(paths=("app/auth/**",))),
    ),
    rules=RulesPolicy(extra=("team_rules/",)),
)


@pytest.mark.parametrize(
    ("path", "tier", "reason"),
    [
        ("app/auth/login.py", Tier.CORE, "tiers.core: app/auth/** (policy)"),
        ("App/AUTH/login.py", Tier.CORE, "tiers.core: app/auth/** (policy)"),
        ("vendor/core/x.py", Tier.CORE, "tiers.core: vendor/core/** (policy)"),
        ("migrations", Tier.CORE, "tiers.core: migrations/** (policy)"),
        ("team_rules/python/x.md", Tier.CORE, "rules.extra: team_rules/ (policy)"),
        ("vendor/x.py", Tier.SKIP, "tiers.skip: vendor/** (policy)"),
        ("Vendor/x.py", Tier.STANDARD, "no rule names the path (built-in)"),
        ("a/b.lock", Tier.SKIP, "tiers.skip: **/*.lock (policy)"),
        ("docs/a.md", Tier.LIGHT, "tiers.light: docs/** (policy)"),
        ("logo.png", Tier.LIGHT, "tiers.light: **/*.png (policy)"),
        ("logo.JPG", Tier.SKIP, "image, font, sound or film: **/*.jpg (built-in)"),
        ("icon.svg", Tier.LIGHT, "tiers.light: **/*.svg (policy)"),
        ("src/main.py", Tier.STANDARD, "no rule names the path (built-in)"),
        ("png", Tier.STANDARD, "no rule names the path (built-in)"),
        ("a.png/main", Tier.STANDARD, "no rule names the path (built-in)"),
    ],
)
def test_policy(path: str, tier: Tier, reason: str) -> None:
    assert tier_of(path, _POLICY) == TierChoice(tier, reason)


@pytest.mark.parametrize(
    ("pattern", "path", "core"),
    [
        ("app/auth", "app/auth/login.py", True),
        ("app/auth", "App/Auth/a/b.py", True),
        ("app/auth", "app/auth", True),
        ("app/auth", "app/authors/x.py", False),
        ("app/auth", "x/app/auth/login.py", False),
        ("app/*", "app/auth/login.py", False),
    ],
)
def test_a_plain_name_of_a_directory_asks_for_what_lies_below_it(pattern: str, path: str, core: bool) -> None:
    policy = Policy(tiers=TierPolicy(core=(CoreRequirement((pattern,)),)))
    assert (tier_of(path, policy).tier is Tier.CORE) is core


def test_text_formats_are_not_media() -> None:
    assert not MEDIA_EXTENSIONS & {"svg", "pdf", "ipynb", "html", "js", "py", "ts"}


@settings(deadline=None)
@given(st.sampled_from(ALWAYS_CORE), st.text(alphabet="abc/", max_size=6))
def test_no_policy_takes_core_away(pattern: str, extra: str) -> None:
    path = pattern.replace("**/", "x/").replace("**", extra.strip("/") or "x")
    assert tier_of(path, _EVERYTHING_SKIPPED).tier is Tier.CORE
    assert tier_of(path.upper(), _EVERYTHING_SKIPPED).tier is Tier.CORE


def test_tiers_are_ordered() -> None:
    assert sorted([Tier.CORE, Tier.LIGHT, Tier.STANDARD, Tier.SKIP]) == [
        Tier.SKIP,
        Tier.LIGHT,
        Tier.STANDARD,
        Tier.CORE,
    ]
    assert max(Tier.LIGHT, Tier.CORE, Tier.STANDARD) is Tier.CORE
    assert Tier.SKIP < Tier.LIGHT <= Tier.LIGHT
    assert Tier.CORE > Tier.STANDARD >= Tier.STANDARD
    assert not Tier.CORE < Tier.LIGHT
    assert not Tier.SKIP > Tier.LIGHT
    assert [tier.rank for tier in Tier] == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", ContentKind)
def test_what_a_file_is_makes_it_light_where_nothing_else_names_it(kind: ContentKind) -> None:
    assert tier_of("src/x.js", _POLICY, kind) == TierChoice(Tier.LIGHT, f"{kind} (built-in)")
    assert tier_of("app/auth/x.js", _POLICY, kind).tier is Tier.CORE
    assert tier_of(".github/workflows/x.js", _POLICY, kind).tier is Tier.CORE
    assert tier_of("vendor/x.js", _POLICY, kind).reason == "tiers.skip: vendor/** (policy)"
    assert tier_of("docs/x.js", _POLICY, kind).reason == "tiers.light: docs/** (policy)"
