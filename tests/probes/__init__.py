"""Probes of the sandbox: what a hostile command inside can see, reach, break and use up, and what its files do outside.

For an operator, against the installed product, as the user whose processes run untrusted code (never as root):

    python -m tests.probes --exec "revwright sandbox exec --workspace {workspace} {options} -- {command}" \
        --collect "revwright sandbox collect --workspace {workspace} --git-dir {store} --base {base} {edited}" \
        --apply "revwright sandbox apply --git-dir {store} --base {base} --format diff --write {patch}"

A template is one command line, split as a shell would and run without one. `{options}`, `{command}` and `{edited}`
stand for any number of arguments. Without `--collect` or `--apply` the probes that need them are skipped.
`--list` tells of every probe, `--only env,tiocsti` runs some, `--json FILE` writes the results; the exit status is 1
when a probe failed. `python -m tests.probes --control` probes no sandbox at all, and shows that the probes can fail.

The probes hold canaries, never real secrets. What they use up is bounded: 400 MB of memory, 400 MB of disk and
100,000 files for a moment.
"""
