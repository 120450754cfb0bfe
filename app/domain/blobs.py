"""The name that git gives to a file's content, in a repository with SHA-1."""

from __future__ import annotations

import hashlib


def blob_digest(size: int) -> hashlib._Hash:
    """A digest that is yet to be fed the `size` bytes of a blob.

    The header is described in https://git-scm.com/book/en/v2/Git-Internals-Git-Objects, "Object Storage".
    """
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


def blob_id(data: bytes) -> str:
    """The object id of a blob with this content."""
    digest = blob_digest(len(data))
    digest.update(data)
    return digest.hexdigest()
