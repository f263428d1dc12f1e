"""Finds and loads libheliostat; see heliostat.h for what its functions do."""

import ctypes
import json
import os
import sys

from .errors import HeliostatError, LibraryError

ABI = 1  # of heliostat.h
VARIABLE = "HELIOSTAT_LIBRARY"

_HANDLE = ctypes.c_int64
_TEXT = ctypes.c_void_p  # not c_char_p: the pointer itself has to go back to heliostat_free

_FUNCTIONS = {
    "heliostat_version": (_TEXT, []),
    "heliostat_open": (_HANDLE, [ctypes.c_char_p]),
    "heliostat_status": (_TEXT, [_HANDLE]),
    "heliostat_start": (_HANDLE, [_HANDLE, ctypes.c_char_p]),
    "heliostat_resume": (_HANDLE, [_HANDLE, ctypes.c_char_p]),
    "heliostat_list": (_TEXT, [_HANDLE]),
    "heliostat_poll": (_TEXT, [_HANDLE]),
    "heliostat_accept_quote": (ctypes.c_int, [_HANDLE]),
    "heliostat_reject": (ctypes.c_int, [_HANDLE]),
    "heliostat_cancel": (ctypes.c_int, [_HANDLE, ctypes.c_char_p]),
    "heliostat_accept_frames": (ctypes.c_int, [_HANDLE]),
    "heliostat_release": (ctypes.c_int, [_HANDLE]),
    "heliostat_close": (ctypes.c_int, [_HANDLE]),
    "heliostat_last_error": (_TEXT, []),
    "heliostat_counts": (_TEXT, []),
    "heliostat_free": (None, [_TEXT]),
}

_loaded = {}  # path -> Library: Go can't be unloaded, so each file is loaded once


def file_name():
    """The library's file name on this system."""
    if sys.platform == "win32":
        return "heliostat.dll"
    return "libheliostat.dylib" if sys.platform == "darwin" else "libheliostat.so"


def find_library(path=""):
    """The library's path: the given one, $HELIOSTAT_LIBRARY, or the file beside this package."""
    here = os.path.dirname(os.path.abspath(__file__))
    places = [path] if path else [os.environ.get(VARIABLE, ""), os.path.join(here, file_name()), os.path.join(os.path.dirname(here), file_name())]
    for place in filter(None, places):
        if os.path.isfile(place):
            return os.path.abspath(place)
        if place == path or place == os.environ.get(VARIABLE):
            raise LibraryError("there is no library at %s: check the path" % place)
    raise LibraryError("%s is missing: put it beside %s, or name it in %s" % (file_name(), here, VARIABLE))


class Library:
    """The loaded library. Texts are JSON out and str or JSON in; errors are raised."""

    def __init__(self, path):
        try:
            self._functions = ctypes.CDLL(path)
            for name, (result, arguments) in _FUNCTIONS.items():
                function = getattr(self._functions, name)
                function.restype, function.argtypes = result, arguments
        except (OSError, AttributeError) as error:
            raise LibraryError("the library %s can't be loaded: %s; install the one made for this system" % (path, error)) from error
        self.path = path
        made = self.read("heliostat_version")
        if made.get("abi") != ABI:
            raise LibraryError("the library %s speaks version %s of the interface, this package %d: update the older one" % (path, made.get("abi"), ABI))
        self.version = made["version"]

    @classmethod
    def load(cls, path=""):
        """The library at path, found as find_library does, loaded once per process."""
        path = find_library(path)
        if path not in _loaded:
            _loaded[path] = cls(path)
        return _loaded[path]

    def read(self, name, *arguments):
        """Calls a function that gives a text and returns what its JSON says."""
        pointer = getattr(self._functions, name)(*arguments)
        if not pointer:
            self._raise()
        return json.loads(self._take(pointer))

    def handle(self, name, *arguments):
        """Calls a function that gives a handle."""
        made = getattr(self._functions, name)(*map(_encoded, arguments))
        if not made:
            self._raise()
        return made

    def do(self, name, *arguments):
        """Calls a function that just does something."""
        if not getattr(self._functions, name)(*map(_encoded, arguments)):
            self._raise()

    def _raise(self):
        raise HeliostatError(self._take(self._functions.heliostat_last_error()) or "the library failed without a word")

    def _take(self, pointer):
        try:
            return ctypes.string_at(pointer).decode("utf-8", "replace")
        finally:
            self._functions.heliostat_free(pointer)


def _encoded(value):
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict):
        return json.dumps(value).encode("utf-8")
    return value
