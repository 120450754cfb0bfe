"""Output of commands becomes bounded text that hides nothing, below a line that says how the command ended."""

from __future__ import annotations

import random

import pytest

from app.domain.command_output import Cleaner, Keeper, Kept, for_model
from app.domain.sandbox import CommandLimits, Ended, Limit

CLEANED = [
    (b"plain\ttext\n", "plain\ttext\n"),
    (b"one\r\ntwo\rthree\r\n\r\nfour\r", "one\ntwo\nthree\n\nfour\n"),
    (b"\x1b[1;31mred\x1b[0m \x1b[38;5;1mtoo\x1b[m", "red too"),
    (b"\x1b[2J\x1b[1;1Hover\x1b[?25l\x1b[!p\x1b[0 q", "over"),
    (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
    (b"\x1bPq#0;1\x1b\\a\x1b_apc\x1b\\b\x1b^pm\x1b\\c\x1bXsos\x1b\\d", "abcd"),
    ("\x9b31mred\x9b0m \x9d0;title\x9c\x90dcs\x9cdone".encode(), "red done"),
    (b"\x1b(Ba\x1b7b\x1b=c\x1b#8d\x1bMe", "abcde"),
    (b"a\x1b", "a"),
    (b"a\x1b[", "a"),
    (b"a\x1b[31", "a"),
    (b"a\x1b[31\nb", "a\nb"),
    (b"a\x1b\nb", "a\nb"),
    (b"\x1b]never ends\nseen", "\nseen"),
    (b"\x1b]never ends", ""),
    (b"\x1b]" + b"x" * 5000, "x" * 904),
    (b"\x1b]given up\x18seen", "seen"),
    (b"\x1b]begun again\x1b[1mseen", "seen"),
    (b"\x1b[" + b"1" * 100, "1" * 36),
    (b"a\x00b\x08c\x07d\x7fe", "abcde"),
    ("caf\u00e9 \u4f60\u597d".encode(), "caf\u00e9 \u4f60\u597d"),
    (b"\xff\xfe\xc3", "\ufffd\ufffd\ufffd"),
    ("\u202eabc\u2066".encode(), "<U+202E>abc<U+2066>"),
    ("a\u200bb\U000e0041".encode(), "a<U+200B>b<U+E0041>"),
    ("\u26a0\ufe0f \U0001f469\u200d\U0001f4bb".encode(), "\u26a0 \U0001f469\U0001f4bb"),
]


def cleaned(*chunks: bytes) -> str:
    cleaner = Cleaner()
    return "".join([*(cleaner.feed(chunk) for chunk in chunks), cleaner.finish()])


@pytest.mark.parametrize(("raw", "text"), CLEANED)
def test_output_is_cleaned(raw: bytes, text: str) -> None:
    assert cleaned(raw) == text


@pytest.mark.parametrize(("raw", "text"), CLEANED)
def test_it_does_not_matter_where_a_piece_ends(raw: bytes, text: str) -> None:
    assert cleaned(*(raw[i : i + 1] for i in range(len(raw)))) == text
    for cut in range(min(len(raw), 200)):
        assert cleaned(raw[:cut], raw[cut:]) == text


def test_noise_becomes_text_that_cannot_steer_a_terminal() -> None:
    chance = random.Random(5)
    for _ in range(200):
        raw = bytes(chance.choice(b"\x1b[]P\\;0m\r\n\x07\x18\x9b\xc2\x9da") for _ in range(60))
        cut = chance.randrange(60)
        text = cleaned(raw)

        assert cleaned(raw[:cut], raw[cut:]) == text
        assert not {character for character in text if character != "\n" and not character.isprintable()}


def test_text_is_given_as_soon_as_it_is_certain() -> None:
    cleaner = Cleaner()

    assert [cleaner.feed(b"one\x1b["), cleaner.feed(b"1mtwo\r"), cleaner.feed(b"\nthree")] == ["one", "two", "\nthree"]
    assert cleaner.finish() == ""


def keep(text: str, *, pieces: int, head: int = 10, tail: int = 5) -> Kept:
    keeper = Keeper(head_bytes=head, tail_bytes=tail)
    for start in range(0, len(text), pieces):
        keeper.feed(text[start : start + pieces])
    return keeper.kept()


@pytest.mark.parametrize("pieces", [1, 3, 7, 1000])
def test_the_beginning_and_the_end_are_kept(pieces: int) -> None:
    assert keep("0123456789abcde", pieces=pieces) == Kept("0123456789abcde", "", 0)
    assert keep("0123456789abcdef", pieces=pieces) == Kept("0123456789", "bcdef", 1)
    assert keep("0123456789" * 100, pieces=pieces) == Kept("0123456789", "56789", 985)
    assert keep("", pieces=pieces) == Kept("", "", 0)


def test_a_character_is_kept_whole_or_left_out() -> None:
    assert keep("0123456789\u00e9" * 3, pieces=1, head=11, tail=13) == Kept("0123456789", "0123456789\u00e9", 14)
    assert keep("\u20ac" * 10, pieces=1, head=4, tail=5) == Kept("\u20ac", "\u20ac", 24)


def test_a_cut_says_how_much_is_missing() -> None:
    assert str(Kept("begin", "end", 12345)) == "begin\n[... 12,345 bytes left out ...]\nend"
    assert str(Kept("all of it", "", 0)) == "all of it"


def test_nothing_kept_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="head_bytes is 0 and tail_bytes 5: keep at least one of each"):
        Keeper(head_bytes=0, tail_bytes=5)


def ended(*, status: int | None = 0, signal: int | None = None, limit: Limit | None = None, printed: int = 3) -> Ended:
    return Ended(status=status, signal=signal, limit=limit, seconds=1.26, output_bytes=printed)


LIMITS = CommandLimits(seconds=2.5, cpu_seconds=7, output_bytes=1000)
KEPT = Kept("yes\n", "", 0)


@pytest.mark.parametrize(
    ("end", "kept", "text"),
    [
        (ended(), KEPT, "exit status 0 after 1.3 s\noutput:\nyes"),
        (ended(status=1, printed=0), Kept("", "", 0), "exit status 1 after 1.3 s\nno output"),
        (ended(), Kept("", "", 0), "exit status 0 after 1.3 s\nno visible output (3 bytes printed)"),
        (ended(status=None, signal=11), KEPT, "ended by SIGSEGV after 1.3 s\noutput:\nyes"),
        (ended(status=None, signal=50), KEPT, "ended by signal 50 after 1.3 s\noutput:\nyes"),
        (ended(), Kept("a", "z", 7), "exit status 0 after 1.3 s\noutput:\na\n[... 7 bytes left out ...]\nz"),
        (
            ended(status=None, signal=9, limit=Limit.TIME),
            KEPT,
            "ended by SIGKILL after 1.3 s\nlimit reached: wall-clock time (2.5 s)\noutput:\nyes",
        ),
    ],
)
def test_a_model_reads_how_a_command_ended(end: Ended, kept: Kept, text: str) -> None:
    assert for_model(end, LIMITS, kept) == text


@pytest.mark.parametrize(
    ("limit", "line"),
    [
        (Limit.TIME, "wall-clock time (2.5 s)"),
        (Limit.MEMORY, "memory (1,024 MiB)"),
        (Limit.PROCESSES, "number of processes (512)"),
        (Limit.CPU, "CPU time of a process (7 s)"),
        (Limit.FILE_SIZE, "size of a file (512 MiB)"),
        (Limit.OUTPUT, "output (1,000 bytes)"),
        (Limit.DISK, "bytes in the workspace (1,024 MiB)"),
        (Limit.FILES, "files in the workspace (200,000)"),
        (Limit.SCRATCH, "space in /tmp and /dev/shm"),
    ],
)
def test_a_limit_is_named_with_its_value(limit: Limit, line: str) -> None:
    text = for_model(ended(status=1, limit=limit), LIMITS, KEPT)

    assert text == f"exit status 1 after 1.3 s\nlimit reached: {line}\noutput:\nyes"
