"""Which paths a fix may not touch: those of which only people decide, and those for which it needs the policy's leave.

Leave lowers the guard, so it is compared exactly; what is guarded is compared as the most lenient file system would.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.globs import matches, matches_folded
from app.domain.policy import Policy
from app.domain.tiers import asked_core, built_in_core
from app.domain.tree_paths import is_protected, problem_with

_INSTRUCTIONS = (
    *("**/.agents/**", "**/SKILL.md", "**/copilot-instructions.md", "**/CLAUDE.local.md", "**/.claude.json"),
    *("**/.gemini/**", "**/.codex/**", "**/.aider*", "**/.continue/**", "**/.clinerules", "**/.clinerules/**"),
    *("**/.roo/**", "**/.roorules*", "**/.junie/**", "**/.kiro/**", "**/.amazonq/**", "**/.goosehints", "**/.rules"),
    *("**/.openhands/**", "**/.opencode/**", "**/.trae/**", "**/.augment/**", "**/GUIDELINES.md"),
    *("**/QWEN.md", "**/.qwen/**", "**/CRUSH.md", "**/.crush*", "**/.crush/**", "**/WARP.md", "**/.factory/**"),
    *("**/.kilocode/**", "**/.kilocodemodes", "**/.cursorignore", "**/.aiexclude", "**/.codeiumignore"),
)
"""What tells agents what to do, ours or others: beside what `tree_paths.PROTECTED` has of it."""

_LOCKS = (
    *("**/*.lock", "**/*.lockb", "**/*.lockfile", "**/*.locked", "**/*.freeze"),
    *("**/*.lock.{json,hcl,yml,yaml,toml}", "**/*-lock.{json,yml,yaml}", "**/*.lock.json5"),
    *("**/npm-shrinkwrap.json", "**/go.sum", "**/go.work.sum", "**/Package.resolved", "**/Cartfile.resolved"),
    *("**/verification-metadata.xml", "**/Manifest.toml", "**/constraints*.txt", "**/pylock.*.toml", "**/pylock.toml"),
)
"""What package managers pin, and the sums by which they check it."""

_CI_AND_HOOKS = (
    *("**/.githooks/**", "**/.hooks/**", "**/lefthook*", "**/.lefthook*", "**/.overcommit.yml", "**/captainhook.json"),
    *("**/.pre-commit-hooks.yaml", "**/grumphp.yml*", "**/.simple-git-hooks*", "**/.lintstagedrc*", "**/.huskyrc*"),
    *("**/azure-pipelines*", "**/.azure-pipelines/**", "**/.azuredevops/**", "**/Jenkinsfile*", "**/.gitlab-ci*"),
    *("**/appveyor.yml", "**/.appveyor.yml", "**/.cirrus.*", "**/.woodpecker*", "**/.woodpecker/**"),
    *("**/.semaphore/**", "**/wercker.yml", "**/codefresh.yml", "**/buildspec*.y*ml", "**/cloudbuild.y*ml"),
    *("**/.forgejo/**", "**/.gitea/**", "**/codemagic.yaml", "**/bitrise.yml", "**/.drone*", "**/.builds/**"),
    *("**/netlify.toml", "**/vercel.json", "**/.readthedocs.y*ml", "**/renovate.json*", "**/.renovaterc*"),
    *("**/.mergify.yml", "**/.gitpod*", "**/*.code-workspace", "**/.fleet/**", "**/.zed/**", "**/.idx/**"),
    *("**/action.{yml,yaml}", "**/Dangerfile*", "**/.goreleaser.{yml,yaml}", "**/.releaserc*", "**/release.config.*"),
    *("**/codecov.{yml,yaml}", "**/.codecov.{yml,yaml}"),
)
"""What hooks and systems of continuous integration run, beside what `tree_paths.PROTECTED` has of it."""

_INSTALLING = (
    *("**/setup.py", "**/binding.gyp", "**/.pnpmfile.*", "**/bunfig.toml", "**/.yarn/**", "**/.cargo/**"),
    *("**/.bundle/**", "**/.mvn/**", "**/mvnw*", "**/gradlew*", "**/gradle/wrapper/**", "**/nuget.config"),
    *("**/pip.conf", "**/.pypirc", "**/.netrc", "**/.tool-versions", "**/mise.toml", "**/.mise*"),
    *("**/Pipfile", "**/poetry.toml", "**/uv.toml", "**/hatch_build.py", "**/pip.ini", "**/.condarc", "**/pixi.toml"),
    *("**/Gemfile", "**/gems.rb", "**/*.gemspec", "**/go.work", "**/mix.exs", "**/Package.swift", "**/Podfile"),
    *("**/*.podspec", "**/Cartfile", "**/rust-toolchain", "**/rust-toolchain.toml", "**/build.rs", "**/global.json"),
    *("**/*.{cs,fs,vb}proj", "**/conanfile.*", "**/vcpkg*.json", "**/{flake,shell,default}.nix", "**/Brewfile"),
    *("**/pnpm-workspace.yaml", "**/.pnp.*", "**/.{python,ruby,node}-version", "**/.nvmrc"),
    *("**/sitecustomize.py", "**/usercustomize.py", "**/*.pth"),
)
"""What runs, or says where to download from, when something is installed or started, before anybody asks for it."""

_GIT = ("**/.gitignore", "**/.mailmap", "**/.git-blame-ignore-revs")
"""What decides which files people see and commit, and whom they blame. A fix that has files to hide hides them from the
people who look at it; a file that is no longer ignored, such as one with passwords, is committed by the next `git add`.
"""

_BY_LEAVE = (
    (_LOCKS, "is a lock file"),
    (_CI_AND_HOOKS, "is run by hooks or continuous integration"),
    (_INSTALLING, "takes part in installing or starting"),
    (_GIT, "decides what git shows to people"),
)


def refused_path(path: str, policy: Policy, allow: Iterable[str]) -> str | None:
    """Why a fix may not touch the path, in words that follow it; None where it may. `policy` is the base commit's.

    `allow` lifts only what may be touched with the policy's leave.
    """
    if problem := problem_with(path):
        return f"is a path that {problem}"
    if protected := is_protected(path):
        return protected
    if problem := _confusing(path):
        return problem
    if core := built_in_core(path, policy):
        return f"is core ({core})"
    for requirement in policy.tiers.core:
        if core := asked_core(requirement, path):
            return f"is core ({core})"
    if pattern := _first(_INSTRUCTIONS, path):
        return f"tells agents what to do ({pattern})"
    return None if is_allowed(path, allow) else _needs_leave(path)


def is_allowed(path: str, allow: Iterable[str]) -> bool:
    """Whether the policy gives leave."""
    return any(matches(pattern, path) for pattern in allow)


def _needs_leave(path: str) -> str | None:
    for patterns, reason in _BY_LEAVE:
        if pattern := _first(patterns, path):
            return f"{reason} ({pattern}), and only people change it"
    return None


def _first(patterns: Iterable[str], path: str) -> str | None:
    return next((one for one in patterns if matches_folded(one, path)), None)


def _confusing(path: str) -> str | None:
    """Names that patches cannot tell from something else (https://git-scm.com/docs/diff-format): the two names in
    `diff --git a/x b/x` are only set apart by a space, and a quote begins an escaped name.
    """
    if '"' in path:
        return "has a quote in its path, which patches write otherwise"
    if " b/" in path or any(part != part.strip() for part in path.split("/")):
        return "has a space in its path where patches cannot tell where the path ends"
    return None
