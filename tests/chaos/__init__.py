"""Bounded, seeded chaos: real processes that are killed, a GitHub that fails, and what must hold afterwards."""
