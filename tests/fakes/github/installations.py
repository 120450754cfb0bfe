"""What an account's admin does to an installation: suspend it, remove it, choose repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.github.render.accounts import simple_user
from tests.fakes.github.render.apps import installation_event, repository_brief

if TYPE_CHECKING:
    from tests.fakes.github.records import Installation
    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub


def suspend(fake: FakeGitHub, installation: Installation) -> None:
    """Take the App's access away for a while."""
    with fake.lock:
        installation.suspended_at = fake.now()
        _installation_event(fake, installation, "suspend")


def unsuspend(fake: FakeGitHub, installation: Installation) -> None:
    """Give the App its access back."""
    with fake.lock:
        installation.suspended_at = None
        _installation_event(fake, installation, "unsuspend")


def uninstall(fake: FakeGitHub, installation: Installation) -> None:
    """Remove the App; its tokens end, its repositories are out of reach."""
    with fake.lock:
        del fake.installations[installation.id]
        _installation_event(fake, installation, "deleted")
        for repository in fake.repositories.values():
            if repository.installation is installation:
                repository.installation = None
        for token in fake.tokens.values():
            if token.installation is installation:
                token.revoked = True


def change_permissions(fake: FakeGitHub, installation: Installation, permissions: dict[str, str]) -> None:
    """Accept or withdraw permissions; tokens made before keep what they had."""
    with fake.lock:
        installation.permissions = dict(permissions)
        _installation_event(fake, installation, "new_permissions_accepted")


def add_repository(fake: FakeGitHub, installation: Installation, repository: Repository) -> None:
    """Let the App into one more repository."""
    with fake.lock:
        repository.installation = installation
        _repositories_event(fake, installation, "added", repository)


def remove_repository(fake: FakeGitHub, installation: Installation, repository: Repository) -> None:
    """Keep the App out of a repository."""
    with fake.lock:
        repository.installation = None
        _repositories_event(fake, installation, "removed", repository)


def _installation_event(fake: FakeGitHub, installation: Installation, action: str) -> None:
    payload = installation_event(fake, installation, action)
    payload["sender"] = simple_user(fake, fake.person_of(installation.account))
    # Not by the stand-in's announce: these events reach an App that is suspended or removed.
    fake.deliveries.announce("installation", payload, action=action, installation=installation, repository=None)


def _repositories_event(fake: FakeGitHub, installation: Installation, action: str, repository: Repository) -> None:
    brief = repository_brief(repository)
    payload = {
        **installation_event(fake, installation, action),
        "repository_selection": installation.repository_selection,
        "repositories_added": [brief] if action == "added" else [],
        "repositories_removed": [brief] if action == "removed" else [],
    }
    del payload["repositories"]
    sender = fake.person_of(installation.account)
    fake.announce("installation_repositories", payload, installation=installation, sender=sender)
