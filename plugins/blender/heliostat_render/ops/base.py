# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operators share."""

from ..session import session


class Attempt:
    """Runs a call and shows its error in the panel and the status bar."""

    def attempt(self, call):
        try:
            call()
        except Exception as error:  # HeliostatError or RuntimeError, both worded for people
            session.error, session.next = str(error), ""
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        session.pump()
        return {"FINISHED"}


def wait(until, each=None):
    """For background mode, which has no timers: pumps until the condition holds."""
    import time
    while True:
        session.pump()
        if each:
            each()
        if until():
            return
        time.sleep(0.2)
