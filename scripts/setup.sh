#!/bin/sh
# Makes .venv with exactly the locked packages. Says what it does; says what is missing and how to get it.
set -eu
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }
fail() { printf 'revwright: %s\n' "$*" >&2; exit 1; }

find_python() {
    for name in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        [ -n "$name" ] || continue
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null; then
            printf '%s' "$name"
            return 0
        fi
    done
    return 1
}

command -v git >/dev/null 2>&1 || fail "git is missing. Debian/Ubuntu: apt-get install git"
python=$(find_python) || fail "Python 3.11 or newer is missing. Debian/Ubuntu: apt-get install python3 python3-venv"

stamp=$(cat requirements/dev.lock pyproject.toml | cksum | tr -d ' \n')
if [ -f .venv/revwright-stamp ] && [ "$(cat .venv/revwright-stamp)" = "$stamp" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Python $version comes without venv here: installing the Debian package python$version-venv"
        { apt-get update -qq && apt-get install -y -qq "python$version-venv"; } >/dev/null 2>&1 ||
            fail "could not install python$version-venv; install it by hand and try again"
    else
        fail "Python $version comes without venv here. Debian/Ubuntu: sudo apt-get install python$version-venv"
    fi
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
fi
say "installing $(grep -c '==' requirements/dev.lock) locked packages (about 100 MB, a minute or two)"
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock ||
    fail "pip could not install the locked packages; its message above says which. A package index must be reachable."
say "installing revwright itself into .venv"
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
printf '%s' "$stamp" >.venv/revwright-stamp
