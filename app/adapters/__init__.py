"""One package for each outside world. They never import each other."""
