"""The job of fixes, put together from the clients that a worker holds and what its reviews remember."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from app.adapters.git.repairs import GitRepairs
from app.adapters.github.comments import CommentReader, OwnApp
from app.adapters.github.failing_checks import FailingCheckReader
from app.adapters.github.head_branches import HeadBranchReader
from app.adapters.github.proposals import ProposalWriter
from app.adapters.github.signed_commits import SignedCommitWriter
from app.adapters.github.signed_links import SignedLinks
from app.adapters.markdown.first_paragraph import FirstParagraph
from app.adapters.store.fixes import RedisFixes
from app.adapters.store.notes import RedisNotes
from app.settings import Settings
from app.usecases.fix.parts import FixParts
from app.usecases.fix.run import FixRun
from app.usecases.review.run import ReviewRun
from app.wiring.engine import load_fix_texts
from app.wiring.own_key import own_key
from app.wiring.repairs import TokenRepairs
from app.wiring.reviewing import Clients, token_mirrors
from app.wiring.transcripts import transcripts_store


def fixes_store(settings: Settings, clients: Clients) -> RedisFixes:
    return RedisFixes(clients.redis, key=own_key(settings.need_github().private_key.expose(), "fixes"))


def fix_job(settings: Settings, clients: Clients, review: ReviewRun) -> FixRun:
    """What it writes and remembers has the reviews' marker key, purse and memory."""
    publisher, around = review.publisher, review.surroundings
    return FixRun(
        FixParts(
            pull_requests=review.pull_requests,
            head_branches=HeadBranchReader(clients.github),
            permissions=around.permissions,
            comments=CommentReader(clients.github),
            conversation=publisher.conversation,
            own_name=OwnApp(clients.github, host=urlsplit(review.github_url).hostname or "github.com"),
            first_paragraph=FirstParagraph(),
            mirrors=review.mirrors,
            ci=FailingCheckReader(
                clients.github,
                app_id=settings.need_github().app_id,
                links=SignedLinks(clients.github.api_url),
            ),
            repairs=TokenRepairs(GitRepairs(token_mirrors(settings, clients).mirrors), clients.tokens),
            stacking=ProposalWriter(clients.github, clients.writes),
            signed=SignedCommitWriter(clients.github, clients.tokens, now=clients.now),
            notes=RedisNotes(clients.redis),
            outbox=publisher.outbox,
            past=around.past,
            fixes=fixes_store(settings, clients),
            purse=review.purse,
            answers=review.answers,
            transcripts=transcripts_store(settings, clients.redis),
            ceilings=review.ceilings,
            engine=review.engine,
            sandboxes=clients.sandboxes,
            tool_chain=str(settings.sandbox.root or ""),
            texts=load_fix_texts(),
            deployment_caps=settings.caps,
            github_commits=settings.fix_commits == "api",
            now=clients.now,
            marker_key=publisher.marker_key,
            github_url=review.github_url,
            turns=_turns(settings.sandbox.at_once),
        )
    )


def _turns(places: int) -> asyncio.Semaphore | None:
    """So many that each who has one finds a second place, whatever the others do."""
    return asyncio.Semaphore(places // 2) if places > 1 else None
