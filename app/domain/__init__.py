"""Values, parsing, deciding and rendering: pure functions on the standard library alone."""
