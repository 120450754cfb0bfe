#!/bin/sh
# What tests and build scripts do with git: repositories of their own, in the workspace and in /tmp.
set -eu
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.test GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.test
git init --quiet --initial-branch=main project
cd project
echo one >file
git add file
git commit --quiet --message first
echo two >file
git diff --stat | grep -q '1 insertion'
git commit --quiet --all --message second
git worktree add --quiet ../tree HEAD~1
[ "$(cat ../tree/file)" = one ]
git checkout --quiet -b side HEAD~1
echo other >side
git add side
git commit --quiet --message side
git merge --quiet --no-edit main
git stash list
git clone --quiet . /tmp/clone
git -C /tmp/clone describe --always >/dev/null
[ "$(git rev-list --count HEAD)" = 4 ]
git config --global user.name somebody
git gc --quiet
git fsck --strict
git format-patch --stdout -1 main | git apply --check --reverse
