"""What the exit status of `revwright` means."""

from __future__ import annotations

EXIT_PASSED = 0
EXIT_BLOCKED = 1
"""`review`: blocked by findings."""
EXIT_PROBLEMS = 1
"""`rules check`: a rule is wrong, or does not do what its examples say. `config check`, `config show`, `gate
simulate`: a policy is not valid.
"""
EXIT_DIFFERS = 1
"""`eval replay`: something else is asked, or comes of it, than was recorded."""
EXIT_NOTHING = 1
"""`runs retry`, `stop`, `pause`, `resume`: there was nothing to do."""
EXIT_REFUSED = 1
"""`sandbox apply`: the patch is refused, as a whole. `sandbox collect`: something declared may not leave."""
EXIT_INVALID = 1
"""`receipt verify`: it is not what was signed, or not about what was asked for."""
EXIT_ERROR = 2
"""Wrong usage or settings, or something that a message on standard error explains."""
EXIT_INCOMPLETE = 3
"""`review`: not everything was looked at. `gate simulate`: GitHub stopped answering before the end."""
