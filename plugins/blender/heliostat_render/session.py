# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on is doing: one connection, one description, one submission.

A timer calls pump() a few times a second; it polls and never waits. (An application
timer rather than a modal operator: those keep Blender from auto-saving.) The panel draws
what the fields here say. Opening another .blend changes nothing: the job goes on.
"""

import os
import shutil
import sys

import bpy

from . import describer
from .findings import ERROR, worst
from .prefs import Settings
from .references import PREVIEW

EVERY = 0.2  # seconds between polls
ENDED = {"settled", "checked", "rejected", "cancelled", "failed"}


class Session:
    def __init__(self):
        self.connection = None
        self.status = {}  # of the connection
        self.description = None  # a running Describer
        self.purpose = ""  # of the description: "check" or "submit"
        self.options = {}  # of the submission that waits for the description
        self.folder = ""  # of the last description, needed until its scene is uploaded
        self.check = None  # the running preflight submission
        self.findings = None  # of the last preflight; None before one
        self.job = None  # the submission
        self.now = {}  # its status
        self.error = ""
        self.next = ""
        self._shown = ""

    # What the operators call ---------------------------------------------------------

    def connect(self):
        """Opens the library and begins to connect; raises RuntimeError where it can't."""
        self.disconnect()
        heliostat = _package()
        settings = Settings()
        try:
            self.connection = heliostat.Connection(manager=settings.manager, data=settings.data, library=settings.library, software="heliostat-blender 0.1.0")
        except heliostat.HeliostatError as error:
            raise RuntimeError(str(error)) from error
        self.clear_error()
        self.status = self.connection.status()

    def disconnect(self):
        if self.connection:
            self.connection.close()
        self.connection, self.status, self.job, self.check = None, {}, None, None
        self.now = {}

    def describe(self, scene, purpose, options=None, arguments=()):
        """Begins to describe the scene for a preflight or a submission."""
        if self.busy():
            raise RuntimeError("wait until the current submission has ended, or cancel it")
        if not self.connection:
            self.connect()
        self.clear_error()
        self.purpose, self.options = purpose, dict(options or {})
        self.findings, self.now, self.job = None, {}, None
        self.discard()
        self.description = describer.Describer(scene, arguments)
        self.folder = self.description.folder

    def discard(self):
        """Deletes what was made for the last description; a failed one can't be retried then."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = ""

    def busy(self):
        """Whether a description or a submission is on its way."""
        return bool(self.description or self.check or (self.job and self.now.get("phase") not in ENDED))

    def workers(self):
        """How many connected workers have this renderer; one may have several versions of it."""
        counts = {}
        for one in self.status.get("renderers") or []:
            if one.get("renderer") == "blender":
                counts[one.get("version")] = counts.get(one.get("version"), 0) + one.get("workers", 0)
        return max(counts.values(), default=0)

    def retry(self):
        """Continues the submission that failed."""
        key = self.now.get("key")
        if not key or self.now.get("phase") != "failed":
            raise RuntimeError("there is no failed submission to retry")
        if not self.connection:
            self.connect()
        self.clear_error()
        self.job = self.connection.resume(key)
        self.now = self.job.status()

    def cancel(self):
        if self.description:
            self.description.close()
            self.description = None
            return
        if not self.job:
            raise RuntimeError("there is nothing to cancel")
        self.job.cancel("cancelled in Blender")

    def clear_error(self):
        self.error = self.next = ""

    # The pump ------------------------------------------------------------------------

    def pump(self):
        """Polls everything once; returns whether something to draw has changed."""
        before = self._seen()
        try:
            if self.connection:
                self.status = self.connection.status()
            self._pump_description()
            self._pump_check()
            self._pump_job()
        except Exception as error:  # the timer has to survive, and the artist has to know
            self.error, self.description, self.check = str(error), None, None
        return before != self._seen()

    def _seen(self):
        return repr((self.status, bool(self.description), bool(self.check), self.findings, self.now, self.error))

    def _pump_description(self):
        if not self.description:
            return
        scene = self.description.poll()
        if scene is None:
            return
        running, self.description = self.description, None
        scene["output"]["overwrite"] = Settings().overwrite
        scene.update(self.options)
        if self.purpose == "check":
            self.check = self.connection.start(dict(scene, checkOnly=True))
            return
        self.findings = scene["findings"]
        if worst(self.findings) == ERROR:
            first = next(found for found in self.findings if found["level"] == ERROR)
            self.error, self.next = first["text"], first.get("fix", "")
            self.now = {"phase": "failed", "text": self.error}
            running.close()
            return
        self.job = self.connection.start(scene)

    def _pump_check(self):
        if not self.check:
            return
        now = self.check.status()
        if now["phase"] in ENDED:
            self.discard()
            self.findings = now.get("findings") or []
            self.check.release()
            self.check = None

    def _pump_job(self):
        if not self.job:
            return
        self.now = self.job.status()
        if self.now.get("findings"):
            self.findings = self.now["findings"]
        if self.now.get("error"):
            self.error, self.next = self.now["error"]["message"], self.now["error"].get("next", "")
        elif self.error and self.now["phase"] != "failed":
            self.clear_error()
        last = self.now.get("lastFrame", "")
        if last and last != self._shown:
            self._shown = last
            show_frame(last)


def show_frame(path):
    """Shows a delivered frame in every open Image Editor that shows a render."""
    if bpy.app.background or not os.path.isfile(path):
        return
    image = next((image for image in bpy.data.images if image.get(PREVIEW)), None)
    if image is None:
        image = bpy.data.images.load(path)
        image[PREVIEW] = True
        image.name = "Heliostat Frame"
    elif image.filepath != path:
        image.filepath = path
    image.reload()
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                space = area.spaces.active
                if space.image is None or space.image.type == "RENDER_RESULT":
                    space.image = image
                    _fit(window, area)
                if space.image == image:
                    area.tag_redraw()


def _fit(window, area):
    region = next((region for region in area.regions if region.type == "WINDOW"), None)
    if region:
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.image.view_all(fit_view=True)


def _package():
    """The heliostat package: the one inside the add-on, else an installed one."""
    here = os.path.dirname(os.path.abspath(__file__))
    if os.path.isdir(os.path.join(here, "heliostat")) and here not in sys.path:
        sys.path.append(here)
    try:
        import heliostat
    except ImportError as error:
        raise RuntimeError("the add-on is incomplete (%s): install it again from its zip" % error) from error
    return heliostat


session = Session()


def _tick():
    if session.pump():
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "PROPERTIES":
                    area.tag_redraw()
    return EVERY


def start_pump():
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=EVERY, persistent=True)


def stop():
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    if session.description:
        session.description.close()
        session.description = None
    session.disconnect()
    session.discard()
