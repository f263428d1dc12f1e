"""What can go wrong, worded for people."""


class HeliostatError(Exception):
    """The library refused a call; the text says what to do next."""


class LibraryError(HeliostatError):
    """The library can't be found, loaded or used."""
