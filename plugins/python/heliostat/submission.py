"""One scene on its way."""

import time

from .errors import HeliostatError
from .phases import REACHED


class Submission:
    """Made by Connection.start and resume; status() is what to poll."""

    def __init__(self, library, handle):
        self._library, self._handle = library, handle

    def status(self):
        """How the submission stands now, see heliostat_poll."""
        return self._library.read("heliostat_poll", self._handle)

    def accept_quote(self):
        self._library.do("heliostat_accept_quote", self._handle)

    def reject_quote(self):
        self._library.do("heliostat_reject", self._handle)

    def cancel(self, reason="cancelled by the artist"):
        self._library.do("heliostat_cancel", self._handle, reason)

    def accept_frames(self):
        self._library.do("heliostat_accept_frames", self._handle)

    def release(self):
        """Forgets the handle; the work goes on until the connection is closed."""
        self._library.do("heliostat_release", self._handle)

    def wait(self, phases=REACHED, timeout=None, each=None, every=0.1):
        """Blocks until the submission reaches one of the phases; for scripts, not for user interfaces.

        timeout in seconds; each, if given, is called with every status. Raises
        HeliostatError when the time is over or the submission ends in another phase.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            now = self.status()
            if each:
                each(now)
            if now["phase"] in phases:
                return now
            if now["phase"] in {"failed", "cancelled", "rejected", "settled", "checked"}:
                raise HeliostatError(now["text"])
            if end is not None and time.monotonic() > end:
                raise HeliostatError("the submission still stands at %s after %g s: %s" % (now["phase"], timeout, now["text"]))
            time.sleep(every)
