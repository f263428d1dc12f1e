"""A connection to a manager and the submissions on it."""

from .library import Library
from .submission import Submission


class Connection:
    """Connects in the background; status() tells whether the manager answers.

    manager: its address, or several with commas between, "" for this machine's; data: the data folder, "" for the user's;
    library: path of libheliostat, "" to look for it; options: more of heliostat_open's.
    Raises HeliostatError for options that can't work.
    """

    def __init__(self, manager="", data="", library="", **options):
        self._library = library if isinstance(library, Library) else Library.load(library)
        for key, value in (("manager", manager), ("dataDir", data)):
            if value:
                options[key] = value
        self._handle = self._library.handle("heliostat_open", options)

    def status(self):
        """How the connection stands now, see heliostat_status."""
        return self._library.read("heliostat_status", self._handle)

    def start(self, scene):
        """Begins a Submission of a scene folder description (a dictionary)."""
        return Submission(self._library, self._library.handle("heliostat_start", self._handle, scene))

    def resume(self, key):
        """Continues the submission of an earlier run by its key or its job's id."""
        return Submission(self._library, self._library.handle("heliostat_resume", self._handle, key))

    def list(self):
        """The submissions on this machine, newest first, as dictionaries."""
        return self._library.read("heliostat_list", self._handle)["submissions"] or []

    def close(self):
        """Ends the connection; jobs go on without it."""
        if self._handle:
            handle, self._handle = self._handle, 0
            self._library.do("heliostat_close", handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
