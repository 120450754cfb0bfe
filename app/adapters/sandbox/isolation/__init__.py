"""From what one command is to be given to a command line of bubblewrap, a seccomp program and limits of the kernel."""
