"""The composition roots: the only places that name concrete adapters. One for each kind of process."""
