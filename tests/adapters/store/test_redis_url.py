"""Redis URLs: what is understood, what is refused, and that no refusal repeats a password."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from arq.connections import RedisSettings
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.store.redis_url import ServerSettings, parse_redis_url
from app.domain.errors import SettingsInvalid


def told(settings: RedisSettings) -> dict[str, object]:
    """What differs from the defaults."""
    defaults = vars(ServerSettings())
    return {name: value for name, value in vars(settings).items() if value != defaults[name]}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost", {}),
        ("redis://db.test:6380/3", {"host": "db.test", "port": 6380, "database": 3}),
        ("redis://db.test/?db=3", {"host": "db.test", "database": 3}),
        ("redis://[::1]:7000", {"host": "::1", "port": 7000}),
        ("redis://bob:p%40s%2Fs%3A@db.test", {"host": "db.test", "username": "bob", "password": "p@s/s:"}),
        ("redis://:secret@db.test", {"host": "db.test", "password": "secret"}),
        ("redis://a@b:secret@db.test", {"host": "db.test", "username": "a@b", "password": "secret"}),
        ("rediss://db.test", {"host": "db.test", "ssl": True, "ssl_check_hostname": True}),
        ("unix:///run/redis.sock", {"unix_socket_path": "/run/redis.sock"}),
        ("unix:///run/my%20redis.sock?db=2", {"unix_socket_path": "/run/my redis.sock", "database": 2}),
        ("unix://:secret@/run/redis.sock", {"unix_socket_path": "/run/redis.sock", "password": "secret"}),
        (
            "redis+sentinel://:secret@one,two:26380,[::1]:26381/main/2",
            {
                "host": [("one", 26379), ("two", 26380), ("::1", 26381)],
                "sentinel": True,
                "sentinel_master": "main",
                "database": 2,
                "password": "secret",
            },
        ),
        (
            "redis+sentinel://one/mymaster",
            {"host": [("one", 26379)], "sentinel": True},
        ),
        (
            "redis+sentinel://one/main?sentinel_username=watch&sentinel_password=a+b%26c%3Dd",
            {
                "host": [("one", 26379)],
                "sentinel": True,
                "sentinel_master": "main",
                "sentinel_username": "watch",
                "sentinel_password": "a+b&c=d",
            },
        ),
        (
            "rediss+sentinel://one/main",
            {
                "host": [("one", 26379)],
                "sentinel": True,
                "sentinel_master": "main",
                "ssl": True,
                "ssl_check_hostname": True,
            },
        ),
    ],
)
def test_urls(url: str, expected: dict[str, object]) -> None:
    assert told(parse_redis_url(url)) == expected


def test_a_ca_file_for_tls(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("")
    assert parse_redis_url(f"rediss://db.test?ssl_ca_certs={ca}").ssl_ca_certs == str(ca)
    with pytest.raises(SettingsInvalid, match=r"there is no file '.*gone\.pem', which ssl_ca_certs names"):
        parse_redis_url(f"rediss://db.test?ssl_ca_certs={tmp_path}/gone.pem")


def test_a_certificate_of_ours_needs_its_key(tmp_path: Path) -> None:
    for name in ("crt", "key"):
        (tmp_path / name).write_text("")
    url = f"rediss+sentinel://one/main?ssl_certfile={tmp_path}/crt"
    with pytest.raises(SettingsInvalid, match="one pair"):
        parse_redis_url(url)
    settings = parse_redis_url(f"{url}&ssl_keyfile={tmp_path}/key")
    assert (settings.ssl_certfile, settings.ssl_keyfile) == (f"{tmp_path}/crt", f"{tmp_path}/key")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "scheme is none of ours; write redis://"),
        ("db.test:6379", "scheme is none of ours"),
        ("http://db.test", "scheme is none of ours"),
        ("redis://[::1", "this is not a URL"),
        ("redis://", "no valid HOST"),
        ("redis://db.test:0", "no valid HOST"),
        ("redis://db.test:70000", "no valid HOST"),
        ("redis://db_test:port", "no valid HOST"),
        ("redis://db.test/first", "database is not a number"),
        ("redis://db.test/-1", "database is not a number"),
        ("redis://db.test/1?db=2", "keep one of the two"),
        ("redis://db.test?timeout=3", "option 'timeout' is not known for redis://; known: db"),
        ("redis://db.test?ssl_ca_certs=/x", "option 'ssl_ca_certs' is not known for redis://"),
        ("rediss://db.test?ssl_cert_reqs=none", "option 'ssl_cert_reqs' is not known for rediss://"),
        ("redis://db.test?db=1&db=2", "twice"),
        ("unix://run/redis.sock", "absolute path"),
        ("unix://", "absolute path"),
        ("unix:///run/", "absolute path"),
        ("unix:///run/%00", "absolute path"),
        ("redis+sentinel://one,two", "does not name the master"),
        ("redis+sentinel://one,,two/main", "no valid HOST"),
        (
            "redis+sentinel://one/main?db=1",
            "option 'db' is not known for redis\\+sentinel://; known: sentinel_password",
        ),
        ("redis+sentinel://one/main?ssl_ca_certs=/x", "option 'ssl_ca_certs' is not known"),
        ("redis://:50%@db.test", "not followed by two hexadecimal digits"),
        ("redis://:%zz@db.test", "not followed by two hexadecimal digits"),
        ("redis://:%ff@db.test", "not UTF-8"),
        ("redis+cluster://one", "Redis Cluster is not supported"),
        ("redis://db .test", "percent-encode"),
    ],
)
def test_refusals(url: str, words: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"^REVWRIGHT_REDIS_URL: .*{words}"):
        parse_redis_url(url)


@pytest.mark.parametrize(
    "form",
    [
        "redis://:{}@h:x",
        "redis://bob:{}@h/x",
        "redis://:{}@h?x=1",
        "redis://{}@h:x",
        "unix://:{}@h/s",
        "redis+sentinel://:{}@h:x/m",
        "redis+cluster://:{}@h",
        "redis+sentinel://h/m?sentinel_password=a&{}=1",
        "redis+sentinel://h/m?sentinel_password=%{}",
        "{}",
    ],
)
@pytest.mark.parametrize(
    "password", ["hunter2secret", "hunter/secret", "hunter?secret", "hunter#secret", "hunter:secret"]
)
def test_no_refusal_repeats_a_password(form: str, password: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        parse_redis_url(form.format(password))
    assert not any(part in str(caught.value) for part in ("hunter", "secret"))


def test_settings_do_not_print_the_password() -> None:
    assert "secret" not in repr(parse_redis_url("redis://bob:secret@db.test"))


@given(st.text(max_size=40), st.sampled_from(["", "redis://", "rediss://", "unix:///", "redis+sentinel://"]))
def test_any_text_is_understood_or_refused(text: str, scheme: str) -> None:
    """Nothing but SettingsInvalid comes out."""
    with suppress(SettingsInvalid):
        parse_redis_url(scheme + text)
