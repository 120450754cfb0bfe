"""The part of `revwright doctor` that asks GitHub about repositories: who can pass for us, and what we may read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from app.cli.finding import Finding
from app.domain.errors import RevwrightError, SettingsInvalid
from app.domain.messages.check import REVIEW_CHECK
from app.domain.messages.gate import GATE_CHECK
from app.domain.policy import ORGANISATION_PATH, ORGANISATION_REPOSITORY
from app.domain.pull_request import RepositoryName
from app.settings import Settings
from app.wiring.github_doctor import Looked, Requires, look_at

_BY_HAND = (
    "To see it by hand: the repository's Settings, Rules or Branches, the rule of {branch}, required status checks: "
    'each of {names} has this App as its source, not "any source".'
)
_NAMES = f"{GATE_CHECK} and {REVIEW_CHECK}"


def github_findings(names: Sequence[str], environ: Mapping[str, str]) -> list[Finding]:
    """Three lines for each repository, or the one that says why there are none."""
    if not names:
        return []
    try:
        settings = Settings.from_environment(environ, require_github=True)
    except RevwrightError as error:
        return [Finding("GitHub", "fail", str(error))]
    return [finding for name in names for finding in _repository(settings, name)]


def _repository(settings: Settings, name: str) -> list[Finding]:
    try:
        repository = _named(name)
        looked = asyncio.run(look_at(settings, repository))
    except RevwrightError as error:
        return [Finding(f"GitHub {name}", "fail", str(error))]
    if looked is None:
        return [
            Finding(
                f"GitHub {name}",
                "fail",
                "there is no such repository, or the App is not installed on it",
                "Install the App on it: the App's page, Install App.",
            )
        ]
    return [
        _required(name, looked.requires, settings.need_github().app_id),
        _policy(name, repository.owner, looked),
        _teams(name, looked),
    ]


def _named(name: str) -> RepositoryName:
    try:
        return RepositoryName.parse(name)
    except ValueError:
        raise SettingsInvalid(f"{name!r} names no repository; write OWNER/NAME") from None


def _required(name: str, requires: Requires, app_id: int) -> Finding:
    title, by_hand = f"required checks of {name}", _BY_HAND.format(branch=requires.branch, names=_NAMES)
    if requires.sources is None:
        return Finding(title, "weak", f"what {requires.branch} requires cannot be read: {requires.error}", by_hand)
    told = (_wrong(requires.sources.get(check), check, app_id) for check in (GATE_CHECK, REVIEW_CHECK))
    if wrong := [one for one in told if one]:
        remedy = f"Require {_NAMES} on {requires.branch} and choose this App as the source of each. {by_hand}"
        return Finding(title, "weak", f"{requires.branch}: {'; '.join(wrong)}", remedy)
    return Finding(title, "ok", f"{requires.branch} requires {_NAMES} from this App alone")


def _wrong(sources: frozenset[int | None] | None, check: str, app_id: int) -> str:
    """A merge has to meet every rule, so one that asks for our App is enough."""
    if sources is None:
        return f"{check} is not required, so a merge does not wait for it"
    if app_id in sources:
        return ""
    others = sorted(source for source in sources if source is not None)
    if others:
        return f"{check} is required of the App {others[0]}, which is not this one"
    return f"{check} has its expected source not set, so that everybody who may write can set it"


def _policy(name: str, owner: str, looked: Looked) -> Finding:
    title, where = f"organisation policy for {name}", f"{owner}/{ORGANISATION_REPOSITORY}"
    if looked.policy is None:
        return Finding(
            title,
            "fail",
            f"{where} cannot be read, so no review can start: {looked.policy_error}",
            "Give the App Contents: read, and accept that on the installation's page.",
        )
    if looked.policy:
        return Finding(title, "ok", f"{ORGANISATION_PATH} of {where} is read")
    return Finding(
        title,
        "ok",
        f"none: {where} has no {ORGANISATION_PATH}, or is not among the installation's repositories; fine if none is "
        "wanted",
    )


def _teams(name: str, looked: Looked) -> Finding:
    title = f"teams of {name}"
    if not looked.teams:
        return Finding(title, "ok", "its policy and CODEOWNERS name none, so Members: read is not needed")
    told = ", ".join(f"@{team}" for team in looked.unread)
    if not looked.unread:
        return Finding(title, "ok", f"the members of {len(looked.teams)} that approve core paths can be read")
    if not looked.members:
        return Finding(
            title,
            "weak",
            f"the App may not read who is in {told}, so no approval of theirs counts",
            "Give the App the organization permission Members: read, and accept that on the installation's page.",
        )
    return Finding(
        title,
        "weak",
        f"{told}: there is no such team, or it is not the installation's, so no approval of theirs counts",
        "Correct the name in the policy or CODEOWNERS.",
    )
