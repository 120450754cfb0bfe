"""Stand-ins for the outside worlds, one each, reached over HTTP by the real client code."""
