"""Git on the host: bare object databases only. No work tree is ever checked out or inspected with git."""
