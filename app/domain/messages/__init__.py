"""Every sentence we post on GitHub, one function per occasion."""
