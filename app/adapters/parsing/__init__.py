"""Source text through the parsers of ast-grep, in a child process: hostile text may end that one, never the worker."""
