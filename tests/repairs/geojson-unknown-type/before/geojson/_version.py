__version__ = "3.0.1"
__version_info__ = tuple(map(int, __version__.split(".")))
