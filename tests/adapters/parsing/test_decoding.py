"""What a child says is believed only where it has the right shape."""

from __future__ import annotations

import pytest

from app.adapters.parsing.decoding import decoded_lines, decoded_matches, decoded_symbols
from app.adapters.parsing.frames import MOST_BYTES, PREFIX_BYTES, frame, length, message
from app.domain.symbols import Symbol


def test_right_answers() -> None:
    assert decoded_symbols([["a", "function", 1, 3], ["b", "class", 2, 2]], 3) == (
        Symbol("a", "function", 1, 3), Symbol("b", "class", 2, 2),
    )  # fmt: skip
    assert decoded_lines([1, 3], 3) == (1, 3)
    assert decoded_matches([["r", 3]], 3, {"r"}) == (("r", 3),)


@pytest.mark.parametrize(
    "answer",
    [None, {}, "x", 1, [None], [[]], [["a", "b", 1]], [["a", "b", 1, 4]], [["a", "b", 0, 1]], [["a", "b", 2, 1]],
     [["a", "b", True, 1]], [["a", "b", 1.0, 1]], [["", "b", 1, 1]], [["a", "", 1, 1]], [["a\n", "b", 1, 1]],
     [["a", "b\u202e", 1, 1]], [["a" * 501, "b", 1, 1]], [["a", "b", 1, 1]] * 10_001, [["a", "b", -(10**30), 1]]],
)  # fmt: skip
def test_no_outline(answer: object) -> None:
    with pytest.raises(ValueError, match=r"no list|no symbol|a name|lines that"):
        decoded_symbols(answer, 3)


@pytest.mark.parametrize("answer", [None, [4], [0], [True], ["1"], [1.0], [[1]], [1] * 10_001])
def test_no_lines(answer: object) -> None:
    with pytest.raises(ValueError, match=r"no list|no line|lines that"):
        decoded_lines(answer, 3)


@pytest.mark.parametrize("answer", [None, [["r", 4]], [["s", 1]], [["r", True]], [["r"]], [[1, 1]], [["r", 1, 1]]])
def test_no_matches(answer: object) -> None:
    with pytest.raises(ValueError, match=r"no list|no match|lines that"):
        decoded_matches(answer, 3, {"r"})


def test_frames_there_and_back() -> None:
    framed = frame({"text": "é\ud800"})
    assert length(framed[:PREFIX_BYTES]) == len(framed) - PREFIX_BYTES
    assert message(framed[PREFIX_BYTES:]) == {"text": "é?"}


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"\xff", b"[" * 100_000, b"1" * 5_000, b"nul"])
def test_what_is_no_message(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        message(body)


def test_a_frame_has_a_limit() -> None:
    with pytest.raises(ValueError, match="a frame has at most"):
        length((MOST_BYTES + 1).to_bytes(PREFIX_BYTES, "big"))
    with pytest.raises(ValueError, match="a frame has at most"):
        frame({"text": "x" * MOST_BYTES})
