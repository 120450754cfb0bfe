"""The YAML we read has no surprises, keeps its places, and no file takes long or does harm."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.rules import strict_yaml
from app.adapters.rules.strict_yaml import MAX_BYTES, Position, YamlList, YamlMap, YamlNode, YamlRefused, YamlScalar
from app.adapters.rules.strict_yaml import read_yaml as read


def _plain(node: YamlNode) -> object:
    if isinstance(node, YamlMap):
        return {field.key: _plain(field.value) for field in node.fields}
    if isinstance(node, YamlList):
        return [_plain(item) for item in node.items]
    return node.value


@pytest.fixture(params=[yaml.CSafeLoader, yaml.SafeLoader], ids=["libyaml", "python"], autouse=True)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers must agree: the one in Python is used where libyaml is not built in."""
    monkeypatch.setattr(strict_yaml, "_LOADER", request.param)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("123456789012345678", 123456789012345678),
        ("2.00", 2.0),
        ("-0.5", -0.5),
        *(
            (text, text)
            for text in (
                "True", "TRUE", "yes", "no", "on", "off", "y", "n", "Null", "017", "0o17", "0x1F", "0b1", "1_000",
                "12:30", "190:20:30", "2001-12-14", "2001-12-14T21:59:43Z", "1e3", "1.5e3", "+1", ".5", "1.", "inf",
                "NaN", "=", "a#b", "C:\\x", "*.py".replace("*", "x"), "**/*.py".replace("**", "a"),
            )
        ),
        ("'true'", "true"),
        ('"1"', "1"),
        ("'<<'", "<<"),
        ('"a\\tb\\u00e9"', "a\tb\u00e9"),
        ("|\n    two\n    lines\n", "two\nlines\n"),
        (">-\n    one\n    line\n", "one line"),
        ("folded\n    over", "folded over"),
        ("\U0001f600 \u65e5\u672c", "\U0001f600 \u65e5\u672c"),
    ],
)  # fmt: skip
def test_words_mean_what_they_look_like(word: str, value: object) -> None:
    read_back = _plain(read(f"key: {word}".encode()))
    assert read_back == {"key": value}
    assert isinstance(read_back, dict)
    assert type(read_back["key"]) is type(value)


def test_places_are_kept() -> None:
    root = read(b"a: 1\nlist:\n  - {x: y}\n  - 'z'\n")
    assert isinstance(root, YamlMap)
    first, second = root.fields
    assert (first.key, first.at, first.value.at) == ("a", Position(1, 1), Position(1, 4))
    assert isinstance(second.value, YamlList)
    assert [item.at for item in second.value.items] == [Position(3, 5), Position(4, 5)]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"# only a comment\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_empty_scalar(data: bytes) -> None:
    root = read(data)
    assert isinstance(root, YamlScalar)
    assert root.value is None


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfa: 1", b"a: 1\r\n", b"---\na: 1\n...\n", b"{a: 1}", b'"a": 1'])
def test_harmless_shapes_are_read(data: bytes) -> None:
    assert _plain(read(data)) == {"a": 1}


_ALIAS_BOMB = b"a: &a [x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in b"bcdefghi"
)


@pytest.mark.parametrize(
    ("data", "line", "column", "reason"),
    [
        (_ALIAS_BOMB, 1, 4, "anchors"),
        (b"a: *x", 1, 4, "aliases"),
        (b"*x : 1", 1, 1, "aliases"),
        (b"a: !!python/object/apply:os.system [id]", 1, 4, "tags"),
        (b"a: !local x", 1, 4, "tags"),
        (b"a: !!str x", 1, 4, "tags"),
        (b"! x", 1, 1, "tags"),
        (b"a: !!map {b: c}", 1, 4, "tags"),
        (b"a: 1\nb: 2\na: 3", 3, 1, "the key 'a' stands on line 1 already"),
        (b"{a: 1, 'a': 2}", 1, 8, "already"),
        (b"<<: {a: 1}", 1, 1, "merge keys"),
        (b"1: a", 1, 1, "a key must be text"),
        (b"true: a", 1, 1, "a key must be text"),
        (b"? [a]\n: b", 1, 3, "a key must be text"),
        (b"{~: b}", 1, 2, "a key must be text"),
        (b"%YAML 1.1\n---\na: 1", 1, 1, "directives"),
        (b"%TAG ! tag:x\n---\na: 1", 1, 1, "directives"),
        (b"a: 1\n---\nb: 2", 2, 1, "second document"),
        (b"[" * 3_000, 1, 21, "20 levels"),
        (b"{a: " * 3_000, 1, 81, "20 levels"),
        (b"- " * 3_000, 1, 41, "20 levels"),
        (b"\n".join(b" " * n + b"a:" for n in range(300)), 21, 21, "20 levels"),
        (b"a: " + b"9" * 60_000, 1, 4, "18 digits"),
        (b"a: -1234567890123456789", 1, 4, "18 digits"),
        (b"a: 1." + b"0" * 60_000, 1, 4, "18 digits"),
        (b"a: .nan", 1, 4, "infinity and not-a-number"),
        (b"a: .NaN", 1, 4, "infinity and not-a-number"),
        (b"a: -.INF", 1, 4, "infinity and not-a-number"),
        (b"a" * (MAX_BYTES + 1), 1, 1, "65537 bytes; keep it under 65536"),
        ("a: 1".encode("utf-16"), 1, 1, "not UTF-8"),
        ("a: 1".encode("utf-16-le"), 1, 2, "U+0000"),
        ("a: 1".encode("utf-32"), 1, 1, "not UTF-8"),
        (b"a: 1\nb: caf\xe9", 2, 7, "not UTF-8"),
        (b"a: \xed\xa0\x80", 1, 4, "not UTF-8"),
        (b"a: 1\nb: \x00", 2, 4, "U+0000"),
        (b"a: \x1b[0m", 1, 4, "U+001B"),
        ("a: b\u2028c: d".encode(), 1, 5, "U+2028"),
        ("a: b\u0085c: d".encode(), 1, 5, "U+0085"),
        (b'a: "\\0"', 1, 4, "the escaped character U+0000"),
        (b'a: "\\x1b"', 1, 4, "the escaped character U+001B"),
        (b"a:\n\tb: 1", 2, 1, "instead of tabs"),
        (b"a: @x", 1, 4, "begins with @"),
        (b"a: b: c", 1, 5, "`: ` in quotes"),
        (b"'" * 60_001, 1, 60_002, "close the quotes"),
        (b"a: [1, 2", None, None, "the brackets"),
        (b"- [\n" * 15_000, 2, 1, "the brackets"),
        (b'a: "\\q"', None, None, "backslash"),
        (b"[" + b"a," * 30_000 + b"]", 1, 10_000, "more than 5000 keys and values"),
        (b"\n".join(b"k%d: 1" % n for n in range(6_000)), 2500, 8, "more than 5000 keys and values"),
        (b"a: |9\n  x", None, None, "not valid YAML"),
    ],
)
def test_refusals_name_the_place(data: bytes, line: int | None, column: int | None, reason: str) -> None:
    start = time.process_time()
    with pytest.raises(YamlRefused) as caught:
        read(data)
    assert time.process_time() - start < 5.0  # seconds; what is not refused early takes minutes
    assert reason in caught.value.message
    assert str(caught.value).endswith(caught.value.message)
    assert len(caught.value.message) < 200
    if line is not None and column is not None:
        assert caught.value.at == Position(line, column)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except YamlRefused as refused:
        assert refused.message.isascii()  # noqa: PT017 - both outcomes are right


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@` \n,?1.\\~", max_size=40))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    try:
        read(text.encode())
    except YamlRefused as refused:
        assert refused.at >= Position(1, 1)  # noqa: PT017 - both outcomes are right


@pytest.mark.parametrize(
    "data",
    [b"\n".join(b"k%d: 1" % n for n in range(2_400)), b"[" + b"a," * 4_900 + b"]", b"a: " + b"x " * 30_000],
)
def test_the_largest_file_is_read_at_once(data: bytes) -> None:
    start = time.process_time()
    read(data)
    assert time.process_time() - start < 5.0  # seconds; what is not refused early takes minutes
