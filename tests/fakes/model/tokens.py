"""Token counts and prompt caching as a provider reports them, at four characters a token."""

from __future__ import annotations

from dataclasses import dataclass, field

CHARACTERS_PER_TOKEN = 4
SMALLEST_CACHED_PREFIX = 1024
CACHE_BLOCK = 128


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
    """Remembers the prompts answered so far, per model, and says how much of a new one is already known."""

    seen: dict[str, list[str]] = field(default_factory=dict)

    def take(self, model: str, prompt: str) -> int:
        """Cached tokens of this prompt; from now on it is known itself."""
        earlier = self.seen.setdefault(model, [])
        shared = max((common_prefix(prompt, known) for known in earlier), default=0) // CHARACTERS_PER_TOKEN
        earlier.append(prompt)
        return shared - shared % CACHE_BLOCK if shared >= SMALLEST_CACHED_PREFIX else 0
