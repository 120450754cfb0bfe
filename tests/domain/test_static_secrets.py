"""Secrets are found by form or by randomness, taken out of every text, and never repeated in what we say."""

from __future__ import annotations

import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.diff import DiffLine, FileDiff, Hunk, LineKind
from app.domain.severity import Severity
from app.domain.static_checks import check_file, redact_secrets
from tests.examples import examples

_RANDOM = random.Random(20_240_607)
_BASE62 = string.ascii_letters + string.digits
_BASE32 = string.ascii_uppercase + "234567"
_BASE64 = _BASE62 + "+/"
_HEX = "0123456789abcdef"


def _random(length: int, alphabet: str = _BASE62) -> str:
    return "".join(_RANDOM.choice(alphabet) for _ in range(length))


def _pem(kind: str = "RSA PRIVATE KEY", headers: str = "") -> str:
    body = "\n".join(_random(64, _BASE64) for _ in range(5))
    checksum = f"={_random(4, _BASE64)}\n" if kind.startswith("PGP") else ""
    return f"-----BEGIN {kind}-----\n{headers}{body}\n{_random(10, _BASE64)}==\n{checksum}-----END {kind}-----"


# Made at run time from parts, so that no scanner takes this file for a leak.
_TOKENS = {
    "aws access key": ["AKIA" + _random(16, _BASE32), "ASIA" + _random(16, _BASE32)],
    "github token": [
        *(prefix + "_" + _random(36) for prefix in ("ghp", "gho", "ghu", "ghs", "ghr")),
        "github_pat_" + _random(22) + "_" + _random(59),
        "ghs_" + _random(7, string.digits) + "_eyJ" + _random(150) + "." + _random(210) + "." + _random(140),
    ],
    "gitlab token": ["glpat-" + _random(20)],
    "slack token": [
        "xoxb-" + "-".join((_random(12, "123456789"), _random(12, "123456789"), _random(24))),
        "xapp-1-" + "-".join((_random(11, _BASE32), _random(13, "123456789"), _random(64, _HEX))),
    ],
    "stripe live key": ["sk_live_" + _random(24), "rk_live_" + _random(99)],
    "google api key": ["AIza" + _random(35)],
    "model api key": ["sk-" + _random(48), "sk-proj-" + _random(120), "sk-ant-" + _random(90)],
    "npm token": ["npm_" + _random(36)],
    "pypi token": ["pypi-AgEIcHlwaS5vcmc" + _random(150)],
    "json web token": ["eyJ" + _random(33) + ".eyJ" + _random(80) + "." + _random(43)],
}
_EACH = [(name, token) for name, tokens in _TOKENS.items() for token in tokens]

# (name, text before, secret, text after)
_IN_CONTEXT = [
    ("aws secret key", "aws_secret_access_key = ", _random(40, _BASE64), ""),
    ("aws secret key", '"secretAccessKey": "', _random(40, _BASE64), '"'),
    (
        "slack webhook",
        "https://hooks.slack.com/services/",
        "T0" + _random(8, _BASE32) + "/B0" + _random(8, _BASE32) + "/" + _random(24),
        "",
    ),
    ("password in a url", "postgres://app:", "k7Xw" + _random(12), "@db.internal:5432/app"),
    ("password", 'password = "', "Tr0ub4dor&3x", '"'),
    ("password", "'Passwd' => '", "h8!kQz2pWm", "'"),
    ("key or token", '"api_key": "', _random(32, _HEX), '"'),
    ("key or token", "const authToken = '", _random(16) + "a1B2c3D4", "'"),
    ("environment secret", "DB_PASSWORD=", "k7Xw" + _random(16), ""),
    ("environment secret", "     5|+API_KEY=", "k7Xw" + _random(16), "\n     6|+X=1"),
]


def _added(*lines: str) -> FileDiff:
    numbered = tuple(DiffLine(LineKind.ADDED, None, n, line) for n, line in enumerate(lines, 1))
    return FileDiff((Hunk(0, 0, 1, len(numbered), "", numbered),))


@pytest.mark.parametrize(("name", "token"), _EACH)
def test_tokens_are_known_by_their_form(name: str, token: str) -> None:
    assert redact_secrets(f"x = {token};\n") == f"x = [secret: {name}];\n"
    assert redact_secrets(f"    12|+key: '{token}'") == f"    12|+key: '[secret: {name}]'"


@pytest.mark.parametrize(("name", "before", "secret", "after"), _IN_CONTEXT)
def test_values_are_known_by_their_context(name: str, before: str, secret: str, after: str) -> None:
    assert redact_secrets(before + secret + after) == f"{before}[secret: {name}]{after}"


@pytest.mark.parametrize(
    "kind",
    ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"],
)
@pytest.mark.parametrize(
    "shape",
    [
        lambda pem: pem,
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.replace("\n", "\n    "),
        lambda pem: "\n".join(f"+{line}" for line in pem.split("\n"))[1:],
        lambda pem: "\n".join(f"     7|+{line}" for line in pem.split("\n"))[8:],
        lambda pem: "\n".join(f"      |-{line}" for line in pem.split("\n"))[8:],
        lambda pem: "\n".join(f"'{line}\\n' +" for line in pem.split("\n"))[1:-5],
    ],
)
def test_private_keys_are_redacted_whole_in_every_shape(kind: str, shape: object) -> None:
    assert callable(shape)
    assert redact_secrets(f"key = {shape(_pem(kind))} end") == "key = [secret: private key] end"


def test_an_encrypted_private_key_and_one_without_its_end() -> None:
    headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF\n\n"
    assert redact_secrets(_pem(headers=headers)) == "[secret: private key]"
    cut = _pem().rpartition("\n")[0]
    assert redact_secrets(f"{cut}\nprint('hello')") == "[secret: private key]\nprint('hello')"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AKIAIOSFODNN7" + "EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
        "AKIA" + "X" * 16,
        "ghp_" + "x" * 36,
        "ghp_" + "a" * 36,
        "ghp_short",
        "sk_live_your_key_goes_here_please",
        "sk_test_" + _random(24),
        'class="sk-fading-circle-and-many-more-words-joined-by-dashes"',
        "task-" + "a1b2c3d4e5" * 4,
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + _random(43),
        "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n" + "A" * 64 + "\n-----END PRIVATE KEY-----",
        'if line == "-----BEGIN PRIVATE KEY-----": parse()',
        "-----BEGIN PUBLIC KEY-----\n" + _random(64) + "\n-----END PUBLIC KEY-----",
        'password = "changeme"',
        'password = "P@ssw0rd1"',
        'password = "xxxxxxxxxxxx"',
        'password = "Contrase\u00f1a1!"',
        'password: "Your password here"',
        'password = "#/components/1Schemas"',
        'password = os.environ["DB_PASSWORD_2"]',
        "password = get_password(user1, Xy)",
        'token = "${TOKEN_V2_Abc123xyz}"',
        'token = "{{ secrets.T0ken9f8g7h6 }}"',
        'token = "550e8400-e29b-41d4-a716-446655440000"',
        'token = "https://login.a1b2c3d4e5.net/oauth2/v2"',
        'secret_key = "my-service-key-1-for-dev"',
        'WaitForTaskToken = "waitForTaskToken"',
        '"AWS::IAM::AccessKey": "62d91b17309e76c8"',
        '"token": "azure-openai-gpt4o-deployment-2024"',
        "DB_PASSWORD=$DB_PASS_1234567",
        "API_KEY=changeme123456",
        "TOKEN=abcdefghijklmnop",
        "f(TOKEN=sha256digest1A2b)",
        "postgres://user:password@localhost/db",
        "https://example.com:8080/a@b",
        "[secret: aws access key]",
        'password = "[secret: password]"',
    ],
)
def test_placeholders_names_and_samples_are_left_alone(text: str) -> None:
    assert redact_secrets(text) == text


def test_the_word_around_a_token_goes_with_it_and_overlaps_become_one() -> None:
    token = "ghp_" + _random(36)
    assert redact_secrets(f"(prefix_{token}_suffix)") == "([secret: github token])"
    assert redact_secrets(f'token = "{token}"') == 'token = "[secret: github token]"'
    assert redact_secrets(f"ghp_{_random(255)}AKIA{_random(16, _BASE32)}") == "[secret: github token]"


_PIECES = st.one_of(
    st.sampled_from([token for _, token in _EACH]),
    st.sampled_from([before + secret + after for _, before, secret, after in _IN_CONTEXT]),
    st.sampled_from(
        [_pem(), "=", '"', "'", " ", "\n", "-", "_", ".", "/", "+", "a", "9", "TOKEN=", "password=", "eyJ"]
    ),
    st.text(alphabet=_BASE62, max_size=3),
)


@settings(max_examples=examples(100, search=300), deadline=None)
@given(st.lists(_PIECES, max_size=6).map("".join))
def test_redaction_is_idempotent(text: str) -> None:
    once = redact_secrets(text)
    assert redact_secrets(once) == once


@settings(deadline=None)
@given(st.sampled_from([token for _, token in _EACH]), st.text(max_size=20), st.text(max_size=20))
def test_a_token_between_other_text_does_not_survive(token: str, before: str, after: str) -> None:
    assert token not in redact_secrets(f"{before} {token} {after}")


_NEAR_MISSES = [
    "ghp_", "ghs_1_eyJ", "ghs_1_eyJaaaaaaaaa.", "eyJ", "eyJaaaaaaaaaaaaaa.", "sk-", "sk-proj-", "AKIA", "xoxb-1-",
    "xoxb-123456-", "://", "://a:b", "password='", "passwordpassword    =>    ", "token=", "glpat-", "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----" + "+" * 50,
    "-----BEGIN PRIVATE KEY-----\n" + "A" * 64 + "\n", "-----BEGIN PRIVATE KEY-----" + "\nVersion:" + "a" * 90,
    "a", "\n+", "TOKEN=" + "a" * 199, "ghp_" + "aB1" * 12 + "eyJ", "github_pat_", "aws_secret_access_key=",
    'secret="' + "a1" * 99, "\u212a\u0130", "hooks.slack.com/services/T", "\\n", "1|", "\n-",
]  # fmt: skip


@pytest.mark.parametrize("unit", _NEAR_MISSES)
def test_near_misses_take_no_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    start = time.process_time()
    redact_secrets(text)
    assert time.process_time() - start < 0.2


def test_a_megabyte_of_all_near_misses_takes_less_than_a_second() -> None:
    each = 1_000_000 // len(_NEAR_MISSES)
    text = "".join(unit * (each // len(unit)) for unit in _NEAR_MISSES)
    start = time.process_time()
    redact_secrets(text)
    assert time.process_time() - start < 1.0


def test_a_hit_names_kind_and_line_and_keeps_the_value_to_itself() -> None:
    for name, token in _EACH:
        hits = check_file("app/config.py", _added("import os", f'key = "{token}"'), [])
        assert [(h.rule_id, h.path, h.line, h.severity) for h in hits] == [
            ("security/secret", "app/config.py", 2, Severity.P0)
        ]
        assert hits[0].title == f"Secret in the change: {name}"
        assert not any(part in hits[0].title + hits[0].body for part in (token, token[:12], token[-12:]))


def test_a_key_of_many_lines_is_one_hit_where_it_begins() -> None:
    hits = check_file("deploy.key", _added("# key", *_pem().split("\n"), "# end"), [])
    assert [(h.line, h.title) for h in hits] == [(2, "Secret in the change: private key")]


def test_two_tokens_of_one_kind_in_a_line_are_one_hit_and_removed_lines_none() -> None:
    a, b = "ghp_" + _random(36), "ghp_" + _random(36)
    lines = (
        DiffLine(LineKind.REMOVED, 1, None, f"old {a}"),
        DiffLine(LineKind.CONTEXT, 2, 1, f"context {a}"),
        DiffLine(LineKind.ADDED, None, 2, f"new {a} {b}"),
    )
    assert [h.line for h in check_file("a", FileDiff((Hunk(1, 2, 1, 2, "", lines),)), [])] == [2]


@pytest.mark.parametrize(
    ("path", "reported"),
    [
        ("app/settings.py", True),
        (".env", True),
        ("deploy/values.yaml", True),
        ("latest/contest.py", True),
        ("tests/test_login.py", False),
        ("src/__tests__/login.js", False),
        ("pkg/login_test.go", False),
        ("web/login.spec.ts", False),
        (".env.example", False),
        ("docs/setup.md", False),
        ("README.md", False),
        ("fixtures/key.pem", False),
    ],
)
def test_samples_in_tests_and_documentation_are_not_reported_but_tokens_are(path: str, reported: bool) -> None:
    sample = _added('password = "Tr0ub4dor&3x"')
    token = _added("ghp_" + _random(36))
    assert bool(check_file(path, sample, [])) is reported
    assert len(check_file(path, token, [])) == 1
