"""What is found out at a runner's start: whether this host isolates, what is missing, and what to do about it."""
