"""Heliostat for host applications: scene folder descriptions in, frames out.

    with heliostat.Connection(manager="http://127.0.0.1:7777") as farm:
        job = farm.start(scene)
        ...poll job.status() from the host's timer...

It wraps the library libheliostat by ctypes and knows no host: neither bpy nor maya.
Every call returns at once, except Submission.wait and Connection.close.
"""

from .connection import Connection
from .errors import HeliostatError, LibraryError
from .library import Library, find_library
from .phases import ENDED, REACHED
from .submission import Submission

__version__ = "0.1.0"
__all__ = ["Connection", "HeliostatError", "Library", "LibraryError", "Submission", "find_library", "ENDED", "REACHED"]
