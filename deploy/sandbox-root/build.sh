#!/bin/sh
# Makes a directory with Debian and common tool chains, from which sandboxes then have their programs.
set -eu

SUITE=bookworm
PACKAGES="python3 python3-venv python3-pytest nodejs npm golang-go cargo git make gcc g++ libc6-dev pkg-config perl
    procps file ca-certificates netbase tzdata"

usage() {
    cat <<END
usage: build.sh [--mirror URL] [--suite NAME] [--include PACKAGES] [--only PACKAGES] DIR

Makes the directory DIR, which must not exist, and installs in it the smallest Debian, with tools for Python, Node, Go,
Rust and C. Needs root, debootstrap, about 2 GB and some minutes. Then \`REVWRIGHT_SANDBOX_ROOT=DIR revwright doctor\`
says whether sandboxes can use it.

  --mirror URL        a mirror of Debian; default: what DEBIAN_MIRROR names, or else debootstrap's own default
  --suite NAME        a release of Debian, 12 or newer; default: $SUITE
  --include PACKAGES  further packages, in one argument with commas or spaces between them
  --only PACKAGES     these packages instead of the usual ones, which are:
    $PACKAGES
END
}

fail() {
    echo "build.sh: $*" >&2
    exit 1
}

mirror=${DEBIAN_MIRROR-}
suite=$SUITE
packages=$PACKAGES
further=
dir=

while [ $# -gt 0 ]; do
    case $1 in
        -h | --help)
            usage
            exit 0
            ;;
        --mirror | --suite | --include | --only)
            [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value; see --help"
            case $1 in
                --mirror) mirror=$2 ;;
                --suite) suite=$2 ;;
                --include) further=$2 ;;
                --only) packages=$2 ;;
            esac
            shift 2
            ;;
        -*) fail "there is no option $1; see --help" ;;
        *)
            [ -z "$dir" ] || fail "name one directory, not '$dir' and '$1'"
            dir=$1
            shift
            ;;
    esac
done

packages=$(printf '%s %s' "$packages" "$further" | tr ',\n' '  ')
[ -n "$dir" ] || fail "name the directory to make; see --help"
case $dir in
    /*) ;;
    *) dir=$(pwd)/$dir ;;
esac
case $dir in
    *[!A-Za-z0-9/._-]*) fail "'$dir': debootstrap takes letters, digits and / . _ - in names of directories only" ;;
esac
case $packages in
    *[!a-z0-9.+\ -]*) fail "'$packages': names of packages have small letters, digits and + - . only" ;;
    *[!\ ]*) ;;
    *) fail "name at least one package, or leave out --only" ;;
esac
[ ! -e "$dir" ] && [ ! -L "$dir" ] || fail "'$dir' exists: name another one, or remove it first"
[ -d "${dir%/*}/" ] || fail "'${dir%/*}' is no directory: make it first"
[ "$(id -u)" = 0 ] || fail "only root can install a system: run it with sudo"
command -v debootstrap >/dev/null || fail "debootstrap is missing: on Debian and Ubuntu, apt-get install debootstrap"

# Made beside its place and moved at the end, so that a DIR that exists is whole.
umask 022
new=$dir.unfinished
log=$new.log
mkdir "$new" || fail "an earlier run was broken off: remove '$new', after a look whether something is mounted in it"
trap 'status=$?; rm -rf --one-file-system "$new"; exit $status' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

run() {
    "$@" >>"$log" 2>&1 || {
        tail -n 8 "$log" >&2
        fail "that did not succeed; the whole output is in $log"
    }
}

: >"$log"
echo "build.sh: debootstrap $suite"
set -- --variant=minbase --merged-usr "$suite" "$new"
[ -z "$mirror" ] || set -- "$@" "$mirror"
run debootstrap "$@"

# Not by debootstrap's --include, which does not resolve dependencies that go round in circles: npm's do.
echo "build.sh: installing" $packages
# With /proc, without which Java does not install; mounted where only this command and what it starts can see it.
inside() {
    run unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$new" \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d" # no package starts a service
chmod 755 "$new/usr/sbin/policy-rc.d"
inside apt-get --quiet update
inside apt-get --quiet --yes --no-install-recommends install $packages
inside apt-get --quiet clean
rm -rf "$new/usr/sbin/policy-rc.d" "$new"/var/lib/apt/lists/*

mv "$new" "$dir"
trap - EXIT
rm -f "$log"
echo "build.sh: done: $(du -sh "$dir" | cut -f 1) in $dir; next: REVWRIGHT_SANDBOX_ROOT=$dir revwright doctor"
