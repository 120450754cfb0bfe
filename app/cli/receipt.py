"""`revwright receipt`: checks receipts, prints those that are kept, and manages the keys that sign them."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from app.adapters.signing.ed25519 import MAKE, PublicKey, public_keys
from app.cli.exit_status import EXIT_INVALID, EXIT_PASSED
from app.cli.runs import named_run
from app.domain.errors import KeyUnavailable, ReceiptNotFound, SettingsInvalid
from app.domain.receipt_file import MAX_BYTES, Valid, checked
from app.domain.receipt_terminal import verification_json, verification_text
from app.settings import Settings
from app.wiring.receipts import ReceiptServices, key_directory, key_signer, open_receipt_services

OpenServices = Callable[[Settings], AbstractAsyncContextManager[ReceiptServices]]


def receipt(
    arguments: argparse.Namespace,
    environ: Mapping[str, str],
    *,
    open_services: OpenServices = open_receipt_services,
) -> int:
    """One action; returns the exit status."""
    match arguments.action:
        case "verify":
            return _verify(arguments, environ)
        case "show":
            return asyncio.run(_show(arguments.run, Settings.from_environment(environ), open_services))
        case "public-key":
            return _public_key(Settings.from_environment(environ))
        case _:
            settings = Settings.from_environment(environ)
            return _rotate(settings) if arguments.order == "rotate" else _list(settings)


def _verify(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    keys, keys_from = _keys(arguments.public_key, environ)
    data = _content(arguments.file, MAX_BYTES + 1)
    known = {key.id: key.verifies for key in keys}
    result = checked(data, known, head=arguments.head, repository=arguments.repository)
    if arguments.json:
        print(json.dumps(verification_json(result, keys_from), indent=2))
    elif isinstance(result, Valid):
        print(verification_text(result, keys_from))
    else:
        print(verification_text(result, keys_from), file=sys.stderr)
    return EXIT_PASSED if isinstance(result, Valid) else EXIT_INVALID


def _keys(files: Sequence[str] | None, environ: Mapping[str, str]) -> tuple[tuple[PublicKey, ...], str]:
    """The keys that count, and where they come from, in words."""
    if files:
        found: list[PublicKey] = []
        for name in files:
            try:
                found += public_keys(_content(name, MAX_BYTES).decode("utf-8", "replace"))
            except ValueError as error:
                raise KeyUnavailable(f"{name}: {error}") from None
        return tuple(found), ", ".join(files)
    settings = Settings.from_environment(environ)
    directory = key_directory(settings).path
    known = key_signer(settings).known()
    if not known:
        raise KeyUnavailable(
            f"there are no keys in {str(directory)!r} to check with; name a file with the deployment's public key with "
            "--public-key: `revwright receipt public-key` prints it where the deployment runs"
        )
    return known, str(directory) + (" and REVWRIGHT_RECEIPT_KEY" if settings.receipt_key is not None else "")


def _content(name: str, most: int) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(most)
        with Path(name).open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise ReceiptNotFound(f"the file {name!r} cannot be read: {error.strerror}") from None


async def _show(text: str, settings: Settings, open_services: OpenServices) -> int:
    async with open_services(settings) as services:
        found = await services.receipts.recall(text.lower())  # a receipt is kept longer than the record of its run
        if found is None:
            run = await named_run(services.runs, text)
            found = await services.receipts.recall(run.start.id)
            if found is None:
                raise ReceiptNotFound(
                    f"run {run.start.id} is {run.state} and has no receipt: it gets one when its review is finished"
                )
    sys.stdout.flush()
    sys.stdout.buffer.write(found)
    sys.stdout.buffer.flush()
    return EXIT_PASSED


def _public_key(settings: Settings) -> int:
    current = key_signer(settings).current()
    if current is None:
        raise KeyUnavailable(_no_key(settings))
    print(current.public.pem, end="")
    return EXIT_PASSED


def _list(settings: Settings) -> int:
    signer = key_signer(settings)
    current = signer.current()
    if current is None:
        print(f"revwright: {_no_key(settings)}", file=sys.stderr)
    for key in signer.known():
        signs = current is not None and key.id == current.public.id
        print(f"{key.id}  {'signs' if signs else 'signed before; its receipts stay valid here'}")
    return EXIT_PASSED


def _rotate(settings: Settings) -> int:
    if settings.receipt_key is not None:
        raise SettingsInvalid(
            f"REVWRIGHT_RECEIPT_KEY gives the key, so it is changed there: make another one with `{MAKE}`, set it, and "
            "restart the workers; the public key of the one before stays in the data directory"
        )
    made = key_directory(settings).rotate()
    print(f"{made.public.id}  signs from now on; workers take it for their next receipt")
    print("Give those who verify elsewhere what `revwright receipt public-key` prints now, beside the one before.")
    return EXIT_PASSED


def _no_key(settings: Settings) -> str:
    return f"there is no key in {str(key_directory(settings).path)!r} yet; the first worker that starts makes one"
