"""How closely a changed entry is looked at, decided by its path, the base commit's policy, and what its content is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.content_kinds import ContentKind
from app.domain.globs import fold, loosest, matches, matches_folded, stands_above
from app.domain.policy import ORGANISATION_PATH, POLICY_PATH, CoreRequirement, Policy

ALWAYS_CORE = (
    POLICY_PATH,
    ORGANISATION_PATH,
    ".github/review_rules/**",
    "**/AGENTS.md",
    "**/AGENTS.override.md",
    "**/CLAUDE.md",
    "**/GEMINI.md",
    "**/.github/copilot-instructions.md",
    "CONTRIBUTING.md",
    ".agents/**",
    "CODEOWNERS",
    ".github/CODEOWNERS",
    "docs/CODEOWNERS",
    ".github/workflows/**",
    ".github/actions/**",
    "**/.gitattributes",
    "**/.gitmodules",
)
"""Paths that change how a change is reviewed, run or shown. No policy can take one away."""

MEDIA_EXTENSIONS = frozenset(
    {"apng", "avif", "bmp", "gif", "heic", "heif", "ico", "icns", "jpeg", "jpg", "jxl", "png", "psd", "tif"}
    | {"tiff", "webp"}
    | {"eot", "otf", "ttc", "ttf", "woff", "woff2"}
    | {"aac", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav", "weba", "wma"}
    | {"avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "webm", "wmv"}
)
"""Images, fonts, sound and film, by the last extension. Not SVG: it is text and may hold scripts."""


_ASKED = "tiers.core"
_WILD = frozenset("*?[{")
_MEDIA = "image, font, sound or film"


class Tier(StrEnum):
    """Ordered: `Tier.SKIP < Tier.LIGHT < Tier.STANDARD < Tier.CORE`."""

    SKIP = "skip"
    LIGHT = "light"
    STANDARD = "standard"
    CORE = "core"

    @property
    def rank(self) -> int:
        """0 for skip to 3 for core."""
        return tuple(Tier).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < Tier(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Tier(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Tier(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Tier(other).rank


@dataclass(frozen=True, slots=True)
class TierChoice:
    """A tier, and the rule that gave it with its source in brackets: `built-in` or `policy`."""

    tier: Tier
    reason: str

    @property
    def by_media_name(self) -> bool:
        """Whether it rests on nothing but a file name that media usually have."""
        return self.reason.startswith(_MEDIA)


def tier_of(path: str, policy: Policy, kind: ContentKind | None = None) -> TierChoice:
    """Core comes first, whatever else names the path; then the policy's skip and light; then our own skip and light.

    What a file's content is never takes it below light. Core patterns are compared as loosely as any file system
    compares names, so that no other spelling of a path slips past; skip and light patterns exactly, because they lower
    the guard.
    """
    if reason := built_in_core(path, policy):
        return TierChoice(Tier.CORE, reason)
    if reason := next(filter(None, (asked_core(requirement, path) for requirement in policy.tiers.core)), None):
        return TierChoice(Tier.CORE, reason)
    if pattern := _first(policy.tiers.skip, path):
        return TierChoice(Tier.SKIP, f"tiers.skip: {pattern} (policy)")
    if pattern := _first(policy.tiers.light, path):
        return TierChoice(Tier.LIGHT, f"tiers.light: {pattern} (policy)")
    _, dot, extension = path.rpartition(".")
    if dot and fold(extension) in MEDIA_EXTENSIONS:
        return TierChoice(Tier.SKIP, f"{_MEDIA}: **/*.{fold(extension)} (built-in)")
    if kind is not None:
        return TierChoice(Tier.LIGHT, f"{kind} (built-in)")
    return TierChoice(Tier.STANDARD, "no rule names the path (built-in)")


def built_in_core(path: str, policy: Policy) -> str | None:
    """Why a path is core whatever `tiers.core` says of it, in the words of a `TierChoice`; None where it is not."""
    if _undecodable(path):
        return "the path is not UTF-8 (built-in)"
    if pattern := _first_folded(ALWAYS_CORE, path):
        return f"always core: {pattern} (built-in)"
    if pattern := _first_folded(policy.rules.extra, path):
        return f"rules.extra: {pattern} (policy)"
    return None


def asked_core(requirement: CoreRequirement, path: str) -> str | None:
    """Why a path is core by one entry of `tiers.core`, in the words of a `TierChoice`; None where it is not."""
    pattern = _first_folded(requirement.paths, path) or _directory_of(requirement.paths, path)
    return None if pattern is None else f"{_ASKED}: {pattern} (policy)"


def asked_core_above(requirement: CoreRequirement, path: str) -> str | None:
    """The same of a path that is a link or a submodule: what it leads to takes the place of what lies below it."""
    pattern = next((pattern for pattern in requirement.paths if stands_above(pattern, path)), None)
    return None if pattern is None else f"{_ASKED}: {pattern} (policy), which this leads to"


def _undecodable(path: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in path)


def _first(patterns: Iterable[str], path: str) -> str | None:
    return next((pattern for pattern in patterns if matches(pattern, path)), None)


def _directory_of(patterns: Iterable[str], path: str) -> str | None:
    """Whoever writes `app/auth` where people are to be asked means what lies below it as well."""
    seen = (fold(path), loosest(path))
    plain = (pattern for pattern in patterns if not _WILD.intersection(pattern))
    return next((pattern for pattern in plain if any(one.startswith(f"{fold(pattern)}/") for one in seen)), None)


def _first_folded(patterns: Iterable[str], path: str) -> str | None:
    return next((pattern for pattern in patterns if matches_folded(pattern, path)), None)
