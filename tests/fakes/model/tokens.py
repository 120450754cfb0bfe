"""Token counts and prompt caching as a provider reports them, at four characters a token."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

CHARACTERS_PER_TOKEN = 4
SMALLEST_CACHED_PREFIX = 1024
CACHE_BLOCK = 128
_BLOCK_CHARACTERS = CACHE_BLOCK * CHARACTERS_PER_TOKEN
_REMEMBERED = 1_000


def count(text: str) -> int:
    """Tokens of a text; anything but nothing is at least one."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def common_prefix(left: str, right: str) -> int:
    """Length of the common prefix. Halving compares slices at C speed; prompts are long."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(slots=True)
class PromptCache:
    """Remembers the newest prompts of each model, and says how much of another one is already known."""

    seen: dict[str, deque[str]] = field(default_factory=dict)

    def take(self, model: str, prompt: str) -> int:
        """Cached tokens of this prompt; from now on it is known itself."""
        earlier = self.seen.setdefault(model, deque(maxlen=_REMEMBERED))
        shared, next_ = 0, _BLOCK_CHARACTERS
        for known in reversed(earlier):
            # One comparison for each that does not share a block more than the best: conversations repeat themselves.
            if known.startswith(prompt[:next_]):
                shared = common_prefix(prompt, known)
                next_ = shared - shared % _BLOCK_CHARACTERS + _BLOCK_CHARACTERS
            if next_ > len(prompt):
                break
        earlier.append(prompt)
        tokens = shared // CHARACTERS_PER_TOKEN
        return tokens - tokens % CACHE_BLOCK if tokens >= SMALLEST_CACHED_PREFIX else 0
