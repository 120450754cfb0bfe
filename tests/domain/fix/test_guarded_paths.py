"""Which paths a fix may touch: never what steers reviews and agents, and by leave only what is guarded by its name."""

from __future__ import annotations

import pytest

from app.domain.fix.guards import GuardPolicy
from app.domain.policy import CoreRequirement, Policy, RulesPolicy, TierPolicy

POLICY = Policy(
    tiers=TierPolicy(core=(CoreRequirement(("app/auth/**", "Makefile")),), skip=("**/*.lock",)),
    rules=RulesPolicy(extra=("review/own/",)),
)
EVERYTHING = ("**",)

NEVER = {
    "../x": "is a path that has the part `..`",
    "a/.git/config": "is a path that has a part that is `.git` on some file system",
    "a\u202eb": "is a path that has a hidden character, U+202E",
    ".github/workflows/ci.yml": "is protected (.github/workflows/**)",
    ".GITHUB/Workflows/ci.yml": "is protected (.github/workflows/**)",
    ".github/revwright.yml": "is protected (.github/revwright.yml)",
    ".github/dependabot.yml": "is protected (.github/**)",
    "CODEOWNERS": "is protected (CODEOWNERS)",
    ".github/CODEOWNERS": "is protected (.github/CODEOWNERS)",
    "docs/CODEOWNERS": "is protected (docs/CODEOWNERS)",
    "sub/AGENTS.md": "is protected (**/AGENTS.md)",
    "CLAUDE.md": "is protected (**/CLAUDE.md)",
    "GEMINI.md": "is protected (**/GEMINI.md)",
    "CONTRIBUTING.md": "is protected (CONTRIBUTING.md)",
    ".agents/skills/x/SKILL.md": "is protected (.agents/**)",
    ".cursor/rules/x.mdc": "is protected (**/.cursor/**)",
    ".gitmodules": "is protected (**/.gitmodules)",
    "src/.gitattributes": "is protected (**/.gitattributes)",
    ".husky/pre-commit": "is protected (**/.husky/**)",
    ".circleci/config.yml": "is protected (**/.circleci/**)",
    ".devcontainer/devcontainer.json": "is protected (**/.devcontainer/**)",
    "app/auth/login.py": "is core (tiers.core: app/auth/** (policy))",
    "App/AUTH/login.py": "is core (tiers.core: app/auth/** (policy))",
    "app/auth./login.py": "is core (tiers.core: app/auth/** (policy))",
    "makefile": "is core (tiers.core: Makefile (policy))",
    "review/own/rule.md": "is core (rules.extra: review/own/ (policy))",
    "pkg/.agents/x.md": "tells agents what to do (**/.agents/**)",
    "pkg/copilot-instructions.md": "tells agents what to do (**/copilot-instructions.md)",
    ".aider.conf.yml": "tells agents what to do (**/.aider*)",
    "QWEN.md": "tells agents what to do (**/QWEN.md)",
    ".qwen/settings.json": "tells agents what to do (**/.qwen/**)",
    "CRUSH.md": "tells agents what to do (**/CRUSH.md)",
    "WARP.md": "tells agents what to do (**/WARP.md)",
    ".kilocode/rules/a.md": "tells agents what to do (**/.kilocode/**)",
    ".factory/a": "tells agents what to do (**/.factory/**)",
    ".clinerules": "tells agents what to do (**/.clinerules)",
    'a"b.py': "has a quote in its path, which patches write otherwise",
    "x b/y.py": "has a space in its path where patches cannot tell where the path ends",
    " x/y.py": "has a space in its path where patches cannot tell where the path ends",
    "x /y.py": "has a space in its path where patches cannot tell where the path ends",
}


@pytest.mark.parametrize(("path", "reason"), NEVER.items())
def test_never(path: str, reason: str) -> None:
    assert GuardPolicy(POLICY).path_refusal(path) == reason
    assert GuardPolicy(POLICY, allow_paths=EVERYTHING).path_refusal(path) == reason


BY_LEAVE = {
    "is a lock file": (
        *("poetry.lock", "web/package-lock.json", "pnpm-lock.yaml", "yarn.lock", "go.sum", "Cargo.lock", "bun.lockb"),
        *("Gemfile.lock", "gems.locked", "composer.lock", "packages.lock.json", ".terraform.lock.hcl", "mix.lock"),
        *("gradle.lockfile", "gradle/verification-metadata.xml", "Package.resolved", "npm-shrinkwrap.json", "uv.lock"),
        *("POETRY.LOCK", "requirements/dev.lock", "conda-lock.yml", "flake.lock", "cabal.project.freeze"),
    ),
    "is run by hooks or continuous integration": (
        *(".githooks/pre-push", "ci/Jenkinsfile.release", "azure-pipelines-nightly.yml", "lefthook-local.yml"),
        *(
            ".pre-commit-hooks.yaml",
            "appveyor.yml",
            "action.yml",
            ".cirrus.star",
            ".gitlab-ci-docs.yml",
            "x.code-workspace",
        ),
        *("Dangerfile", "action.yml", ".goreleaser.yml", ".releaserc.json", "codecov.yml", ".codecov.yaml"),
    ),
    "takes part in installing or starting": (
        *("Pipfile", "poetry.toml", "uv.toml", "hatch_build.py", "pip.ini", ".condarc", "Gemfile", "x.gemspec"),
        *("go.work", "mix.exs", "Package.swift", "ios/Podfile", "rust-toolchain", "rust-toolchain.toml", "build.rs"),
        *("src/App.csproj", "global.json", "conanfile.py", "flake.nix", "pnpm-workspace.yaml", ".pnp.cjs"),
        *(".python-version", "vcpkg.json"),
        "setup.py",
        "a/binding.gyp",
        ".yarn/releases/y.cjs",
        "x.pth",
        "gradlew.bat",
    ),
    "decides what git shows to people": (".gitignore", "src/.gitignore", ".mailmap"),
}


@pytest.mark.parametrize(("reason", "path"), [(reason, path) for reason, paths in BY_LEAVE.items() for path in paths])
def test_by_leave(reason: str, path: str) -> None:
    refusal = GuardPolicy(POLICY).path_refusal(path)

    assert refusal is not None
    assert refusal.startswith(f"{reason} (**/")
    assert refusal.endswith(", and only people change it")
    assert GuardPolicy(POLICY, allow_paths=("docs/**", path)).path_refusal(path) is None
    assert GuardPolicy(POLICY, allow_paths=("docs/**",)).path_refusal(path) == refusal


def test_leave_is_for_the_very_spelling() -> None:
    assert GuardPolicy(allow_paths=("uv.lock",)).path_refusal("UV.lock") is not None


@pytest.mark.parametrize(
    "path",
    [
        *(
            "src/app.py",
            "tests/test_app.py",
            "README.md",
            "docs/a b.md",
            "package.json",
            "pyproject.toml",
            "Dockerfile",
        ),
        *("src/lock.py", "src/file-lock.ts", "src/db.lock.py", "go.mod", "Cargo.toml", "src/setup/x.py", "f\u00e9e.py"),
    ],
)
def test_all_else_may_be_touched(path: str) -> None:
    assert GuardPolicy(POLICY).path_refusal(path) is None


def test_a_pattern_that_is_none() -> None:
    with pytest.raises(ValueError, match="leave out the leading /"):
        GuardPolicy(allow_paths=("/uv.lock",))
