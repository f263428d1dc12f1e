"""The window: connect, check, submit, watch. Maya's timer polls; nothing here waits."""

import heliostat
from maya import cmds

from .collect import describe

WINDOW = "heliostatWindow"
ENDED = heliostat.ENDED


class Window:
    def __init__(self, manager=""):
        self.connection = heliostat.Connection(manager=manager, software="heliostat-maya 0.1.0")
        self.job = None
        if cmds.window(WINDOW, exists=True):
            cmds.deleteUI(WINDOW)
        cmds.window(WINDOW, title="Heliostat", widthHeight=(380, 260))
        cmds.columnLayout(adjustableColumn=True, rowSpacing=6)
        self.state = cmds.text(label="Connecting…", align="left", wordWrap=True)
        self.text = cmds.text(label="", align="left", wordWrap=True)
        self.bar = cmds.progressBar(maxValue=1000)
        for label, call in (("Submit", self.submit), ("Accept Quote", self.accept_quote), ("Reject Quote", self.reject_quote), ("Cancel", self.cancel), ("Accept Frames", self.accept_frames)):
            cmds.button(label=label, command=lambda *_, call=call: self.attempt(call))
        cmds.showWindow(WINDOW)
        # An idle job of Maya's, which goes when the window does.
        cmds.scriptJob(event=("idle", self.tick), parent=WINDOW)

    def attempt(self, call):
        try:
            call()
        except (heliostat.HeliostatError, RuntimeError, AttributeError) as error:
            text = "submit the scene first" if isinstance(error, AttributeError) else str(error)
            cmds.text(self.text, edit=True, label=text)

    def submit(self):
        self.job = self.connection.start(describe())

    def accept_quote(self):
        self.job.accept_quote()

    def reject_quote(self):
        self.job.reject_quote()

    def cancel(self):
        self.job.cancel("cancelled in Maya")

    def accept_frames(self):
        self.job.accept_frames()

    def tick(self):
        status = self.connection.status()
        error = status.get("error") or {}
        cmds.text(self.state, edit=True, label="Connected to %s" % status["manager"] if status["connected"] else error.get("message", "Connecting…"))
        if self.job:
            now = self.job.status()
            cmds.text(self.text, edit=True, label="%s: %s%s" % (now["phase"], now["text"], "; waiting: " + now["why"] if now.get("why") else ""))
            cmds.progressBar(self.bar, edit=True, progress=int(1000 * now["fraction"]))


_open = None


def show(manager=""):
    """Opens the window."""
    global _open
    _open = Window(manager)
    return _open
