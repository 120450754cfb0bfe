"""The kinds of secrets we know, each as a literal beginning and a pattern that is tried only there.

No pattern retries over unbounded text: repetitions are bounded, and where a beginning may stand inside the
text that the pattern itself runs over, a look-behind lets only the first beginning of a run count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain.static_checks.randomness import (
    Plausible,
    json_web_token,
    key_body,
    password,
    password_or_random,
    random_value,
    typed_token,
)


@dataclass(frozen=True, slots=True)
class SecretKind:
    """`name` is what people read in place of the secret; the group `value`, where present, is the secret."""

    name: str
    starts: tuple[str, ...]
    """One of these must stand where the pattern begins; empty: the pattern looks for itself."""
    pattern: re.Pattern[str]
    plausible: Plausible
    often_a_sample: bool = False
    """Tests and documentation are full of these: there they are still redacted, but not reported."""


_ASSIGNED = r"""["']?\]?\s{0,4}(?:=>|:=|[=:])\s{0,4}"""

# What may stand between two lines of a key: line ends, real or escaped, quotes, and the margin of a diff.
_BETWEEN = r"""(?:[\s"',:+|]|\\[nr]|[0-9]{1,7}\||(?<=[\n|])-(?!----[^-]))"""
_BASE64 = r"[A-Za-z0-9+/]"

SECRET_KINDS = (
    SecretKind(
        "private key",
        ("-----BEGIN ",),
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            rf"(?:{_BETWEEN}{{0,24}}(?:Proc-Type|DEK-Info|Version|Comment):[^\n\\]{{1,100}}){{0,4}}"
            rf"(?P<body>(?:{_BETWEEN}{{1,24}}{_BASE64}{{16,20000}}={{0,2}}){{1,400}})"
            rf"(?:{_BETWEEN}{{1,24}}{_BASE64}{{1,15}}={{0,2}})?(?:{_BETWEEN}{{1,24}}={_BASE64}{{4}})?"
            rf"(?:{_BETWEEN}{{0,24}}-----END [A-Z0-9 ]{{1,40}}-----)?"
        ),
        key_body,
        often_a_sample=True,
    ),
    SecretKind(
        "aws access key",
        ("AKIA", "ASIA"),
        re.compile(r"(?<![A-Za-z0-9+/_-])A(?:KI|SI)A[A-Z2-7]{16}(?![A-Za-z0-9+/=_-])"),
        typed_token,
    ),
    SecretKind(
        "aws secret key",
        ("aws_secret", "AWS_SECRET", "secretAccessKey", "SecretAccessKey", "secret_access_key"),
        re.compile(
            rf"(?i:aws_secret(?:_access)?_key|secret_?access_?key){_ASSIGNED}"
            r"""["']?(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"""
        ),
        typed_token,
    ),
    SecretKind(
        "github token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(
            r"github_pat_[A-Za-z0-9_]{60,255}"
            r"|gh[opsur]_[A-Za-z0-9]{36,255}"
            r"|(?<![A-Za-z0-9_-])gh[opsur]_[0-9]{1,20}_eyJ[A-Za-z0-9_-]{8,2000}"
            r"\.[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,2000}"
        ),
        typed_token,
    ),
    SecretKind(
        "gitlab token",
        ("glpat-",),
        re.compile(r"glpat-[A-Za-z0-9_-]{20,64}"),
        typed_token,
    ),
    SecretKind(
        "slack token",
        ("xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"),
        re.compile(
            r"xox[abeoprs]-(?:[0-9]{6,16}-){1,3}[A-Za-z0-9]{16,64}"
            r"|xapp-[0-9]-[A-Z0-9]{8,16}-[0-9]{8,16}-[a-f0-9]{32,128}"
        ),
        typed_token,
    ),
    SecretKind(
        "slack webhook",
        ("hooks.slack.com/services/",),
        re.compile(r"hooks\.slack\.com/services/(?P<value>T[A-Z0-9]{6,16}/B[A-Z0-9]{6,16}/[A-Za-z0-9]{16,32})"),
        typed_token,
    ),
    SecretKind(
        "stripe live key",
        ("sk_live_", "rk_live_"),
        re.compile(r"[sr]k_live_[A-Za-z0-9]{16,247}"),
        typed_token,
    ),
    SecretKind(
        "google api key",
        ("AIza",),
        re.compile(r"(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
        typed_token,
    ),
    SecretKind(
        "model api key",
        ("sk-",),
        re.compile(
            r"(?<![A-Za-z0-9_-])sk-"
            r"(?:(?:proj|svcacct|admin|ant|or)-[A-Za-z0-9_-]{32,240}|[A-Za-z0-9]{32,64})(?![A-Za-z0-9])"
        ),
        typed_token,
    ),
    SecretKind(
        "npm token",
        ("npm_",),
        re.compile(r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
        typed_token,
    ),
    SecretKind(
        "pypi token",
        ("pypi-AgE",),
        re.compile(r"pypi-AgE[A-Za-z0-9_-]{50,400}"),
        typed_token,
    ),
    SecretKind(
        "json web token",
        ("eyJ",),
        re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{5,8000}\.[A-Za-z0-9_-]{20,1400}"),
        json_web_token,
        often_a_sample=True,
    ),
    SecretKind(
        "password in a url",
        ("://",),
        re.compile(r"""://[^\s:/@"'<>]{1,64}:(?P<value>[^\s/@"'<>]{8,128})@[A-Za-z0-9\[]"""),
        password_or_random,
        often_a_sample=True,
    ),
    SecretKind(
        "password",
        (),
        re.compile(
            rf"(?i:passw(?:or)?d|passphrase){_ASSIGNED}"
            r"""(?P<quote>["'])(?P<value>[^"'\s\\]{8,200})(?P=quote)"""
        ),
        password,
        often_a_sample=True,
    ),
    SecretKind(
        "key or token",
        (),
        re.compile(
            rf"(?i:secret|token|(?:api|access|secret|signing|encryption|auth)[_-]?key){_ASSIGNED}"
            r"""(?P<quote>["'])(?P<value>[^"'\s\\]{16,200})(?P=quote)"""
        ),
        random_value,
        often_a_sample=True,
    ),
    SecretKind(
        "environment secret",
        (),
        re.compile(
            r"(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY)="
            r"""(?P<value>[^\s"'`$&|;<>(){}\\=]{12,200}={0,2})(?=\s|$)"""
        ),
        password_or_random,
        often_a_sample=True,
    ),
)
"""The first kind wins where two match the same text."""
