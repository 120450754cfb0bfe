"""The sandbox in which what a pull request contains is executed: bubblewrap, a seccomp program and limits."""
