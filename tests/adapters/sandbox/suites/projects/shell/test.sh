#!/bin/bash
# Pipes, substitution, here-documents, job control, traps, and the devices that scripts expect.
set -euo pipefail
[ "$(seq 1000 | grep -c 7 | tr -d ' ')" = 271 ]
diff <(printf 'b\na\n' | sort) <(printf 'a\nb\n')
[ "$(cat <<<"here")" = here ]
[ "$(echo piped | cat /dev/stdin)" = piped ]
echo out >/dev/stdout
echo fine >&2
echo gone >/dev/null
mkfifo pipe
cat pipe >copy &
echo through >pipe
wait %1
[ "$(cat copy)" = through ]
set -m
sleep 60 &
kill -STOP %1
kill -CONT %1
kill %1
wait %1 || [ $? = 143 ]
set +m
trap 'echo trapped >trap' USR1
kill -USR1 $$
[ "$(cat trap)" = trapped ]
file=$(mktemp)
[ -w "$file" ]
[ "$(find . -name 'test.sh' | xargs -P 4 -n 1 basename)" = test.sh ]
tar -cf /tmp/suite.tar --exclude=pipe .
tar -tf /tmp/suite.tar | grep test.sh
[ "$(TZ=Europe/Berlin date -d @0 +%H)" = 01 ]
timeout 5 true
