"""Where a message belongs: the run that speaks, and the links it may make."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from app.domain.entries import display_path
from app.domain.findings import Location
from app.domain.inert import Inert, cell_code, code_span, link
from app.domain.pull_request import RepositoryName, Sha

_SHORT = 12


@dataclass(frozen=True, slots=True)
class ReceiptAt:
    """Where the receipt of a run is to be had: from the web process at `public_url`, if people can reach it."""

    public_url: str | None

    def told(self, run_id: str) -> Inert:
        """A link, or the command that prints it."""
        if self.public_url is None:
            return code_span(f"revwright receipt show {run_id}", limit=80)
        return link(Inert("signed receipt"), f"{self.public_url}/runs/{run_id}/receipt.json")


@dataclass(frozen=True, slots=True)
class Origin:
    """`github_url` is where people browse; links go to this repository and nowhere else, to files at this head.

    For a local range it is empty, as `run_id` is, and places are told without links.
    """

    run_id: str
    github_url: str
    repository: RepositoryName
    head: Sha
    receipt: ReceiptAt | None = None
    """None where none is kept."""

    @staticmethod
    def local(head: Sha) -> Origin:
        """Of a range of commits that is on no server."""
        return Origin("", "", RepositoryName("", ""), head)

    def location(self, where: Location) -> Inert:
        """A link to the lines, or plain code where the path cannot stand in a URL."""
        return self._linked(where, code_span(_label(where), limit=200))

    def location_cell(self, where: Location) -> Inert:
        """The same for a table cell."""
        return self._linked(where, cell_code(_label(where), limit=200))

    def commit(self, sha: Sha) -> Inert:
        """A link to a commit of this repository."""
        label = code_span(sha[:_SHORT], limit=80)
        return link(label, f"{self.github_url}/{self.repository}/commit/{sha}") if self.github_url else label

    def _linked(self, where: Location, label: Inert) -> Inert:
        lines = f"L{where.start_line}" + (f"-L{where.end_line}" if where.end_line > where.start_line else "")
        if not self.github_url or display_path(where.path) != where.path:
            return label
        path = quote(where.path, safe="/")
        url = f"{self.github_url}/{self.repository}/blob/{self.head}/{path}#{lines}"
        return link(label, url)


def _label(where: Location) -> str:
    return f"{display_path(where.path)}:{where.start_line}"
