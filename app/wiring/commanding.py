"""The job of commands, put together from the clients that a worker holds and what its reviews remember."""

from __future__ import annotations

from app.adapters.github.comments import CommentReader, OwnApp
from app.adapters.github.proposals import ProposalWriter
from app.adapters.markdown.first_paragraph import FirstParagraph
from app.adapters.store.ledger import RedisLedger
from app.adapters.store.notes import RedisNotes
from app.settings import Settings
from app.usecases.commands.run import CommandRun
from app.usecases.commands.scene import Parts
from app.usecases.review.run import ReviewRun
from app.wiring.engine import load_ask_texts
from app.wiring.fixing import fixes_store
from app.wiring.reviewing import Clients


def command_job(settings: Settings, clients: Clients, ledger: RedisLedger, review: ReviewRun) -> CommandRun:
    """What both jobs write and remember has one marker key and one memory."""
    publisher, around = review.publisher, review.surroundings
    return CommandRun(
        Parts(
            pull_requests=review.pull_requests,
            comments=CommentReader(clients.github),
            permissions=around.permissions,
            conversation=publisher.conversation,
            threads=publisher.threads,
            own_name=OwnApp(clients.github),
            mirrors=review.mirrors,
            proposals=ProposalWriter(clients.github, clients.writes),
            notes=RedisNotes(clients.redis),
            ledger=ledger,
            orders=ledger,
            intake=ledger,
            outbox=publisher.outbox,
            heads=publisher.heads,
            past=around.past,
            fixes=fixes_store(settings, clients),
            purse=review.purse,
            ceilings=review.ceilings,
            first_paragraph=FirstParagraph(),
            now=clients.now,
            deployment_caps=settings.caps,
            engine=review.engine,
            answers=review.answers,
            ask_texts=load_ask_texts(),
            marker_key=publisher.marker_key,
            github_url=review.github_url,
            app_id=settings.need_github().app_id,
            can_execute=clients.sandboxes is not None,
        )
    )
