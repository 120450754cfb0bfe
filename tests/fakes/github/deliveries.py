"""Webhook deliveries: signed, recorded, and optionally sent by a thread of their own."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from tests.fakes.github.records import JsonObject

if TYPE_CHECKING:
    from tests.fakes.github.records import Installation, User
    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub

HOOK_ID: Final = 431234567
_NAMESPACE: Final = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
_OK: Final = range(200, 400)


@dataclass(slots=True, eq=False)
class Delivery:
    """One webhook delivery. Until a test sets ``status_code``, GitHub believes that it was answered 202."""

    id: int
    guid: str
    event: str
    action: str | None
    headers: dict[str, str]
    body: bytes
    delivered_at: datetime
    installation_id: int | None
    repository_id: int | None
    secret: str = field(repr=False)
    redelivery: bool = False
    status_code: int = 202
    response_body: str | None = field(default=None)

    @property
    def payload(self) -> JsonObject:
        """The body, parsed."""
        payload: JsonObject = json.loads(self.body)
        return payload

    def with_payload(self, payload: JsonObject) -> Delivery:
        """A copy with another payload, signed with the right secret but never sent by GitHub."""
        body = json.dumps(payload, separators=(",", ":")).encode()
        headers = {**self.headers, "X-Hub-Signature-256": signature(body, self.secret)}
        return replace(self, body=body, headers=headers)

    def with_installation(self, installation_id: int) -> Delivery:
        """A copy that claims to come from another installation."""
        payload = self.payload
        return self.with_payload({**payload, "installation": {**payload["installation"], "id": installation_id}})

    @property
    def status(self) -> str:
        """GitHub's word for the status code."""
        return "OK" if self.status_code in _OK else f"Invalid HTTP Response: {self.status_code}"


def signature(body: bytes, secret: str) -> str:
    """The signature GitHub sends with a body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


# Sends a delivery and says what status the App answered; None leaves the delivery's status alone.
Sender: TypeAlias = Callable[[Delivery], int | None]


class Deliveries(list[Delivery]):
    """Every delivery, oldest first."""

    def __init__(self, fake: FakeGitHub) -> None:
        """Start with none."""
        super().__init__()
        self._fake = fake
        self._executor: ThreadPoolExecutor | None = None
        self._sending: list[Future[None]] = []

    def announce(
        self,
        event: str,
        payload: JsonObject,
        *,
        action: str | None,
        installation: Installation | None,
        repository: Repository | None,
    ) -> Delivery:
        """Sign and record an event, and send it if somebody wants it live."""
        fake = self._fake
        body = json.dumps(payload, separators=(",", ":")).encode()
        number = fake.ids.next("delivery")
        guid = str(uuid.uuid5(_NAMESPACE, f"{fake.app.id} {number}"))
        delivery = Delivery(
            id=number,
            guid=guid,
            event=event,
            action=action,
            headers=self._headers(event, guid, body),
            body=body,
            delivered_at=fake.now(),
            installation_id=installation.id if installation else None,
            repository_id=repository.id if repository else None,
            secret=fake.webhook_secret,
        )
        self.append(delivery)
        self._send(delivery)
        return delivery

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send once more, with the same guid."""
        again = replace(
            delivery,
            id=self._fake.ids.next("delivery"),
            redelivery=True,
            delivered_at=self._fake.now(),
            status_code=202,
        )
        self.append(again)
        self._send(again)
        return again

    def of(self, event: str, action: str | None = None) -> list[Delivery]:
        """The deliveries of one event, and of one action if given."""
        return [one for one in self if one.event == event and action in (None, one.action)]

    def wait(self, timeout: float = 30) -> None:
        """Wait until everything announced so far was handed to ``on_delivery``; raises what that raised."""
        waiting, self._sending = self._sending, []
        for future in waiting:
            future.result(timeout)

    def close(self) -> None:
        """Stop the sending thread after what it has to send."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _headers(self, event: str, guid: str, body: bytes) -> dict[str, str]:
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": f"GitHub-Hookshot/{guid[:7]}",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": str(HOOK_ID),
            "X-GitHub-Hook-Installation-Target-ID": str(self._fake.app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature-256": signature(body, self._fake.webhook_secret),
        }

    def _send(self, delivery: Delivery) -> None:
        send = self._fake.on_delivery
        if send is None:
            return
        if self._executor is None:
            # A thread of its own: the App may call back while whoever caused the event still holds the lock.
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fake-github-deliveries")
        self._sending.append(self._executor.submit(_deliver, send, delivery))


def _deliver(send: Sender, delivery: Delivery) -> None:
    status = send(delivery)
    if status is not None:
        delivery.status_code = status


def installation_payload(installation: Installation) -> JsonObject:
    """The short installation object in an event's payload."""
    return {"id": installation.id, "node_id": installation.node_id}


def is_organization(user: User) -> bool:
    """Whether payloads carry this account as the organization."""
    return user.type == "Organization"
