"""The product against a GitHub that somebody else wrote: the npm package `emulate`, pinned. See docs/emulator.md."""
