# SPDX-License-Identifier: GPL-3.0-or-later
import os

import bpy

from ..session import session
from .base import Attempt, wait

REACHED = {"delivered", "accepted", "settled", "rejected", "cancelled", "failed"}


class HELIOSTAT_OT_submit(Attempt, bpy.types.Operator):
    """In the interface it returns at once and the panel shows the rest; with wait (and
    always in background mode) it runs to the end and prints progress."""

    bl_idname = "heliostat.submit"
    bl_label = "Submit"
    bl_description = "Pack the scene, upload it and ask for a price; nothing is paid before you accept it"

    wait: bpy.props.BoolProperty(name="Wait", description="Return when the frames are here", default=False, options={"SKIP_SAVE"})
    accept: bpy.props.BoolProperty(name="Accept", description="Accept the quote and the frames without asking", default=False, options={"SKIP_SAVE"})
    max_price: bpy.props.FloatProperty(name="Highest Price", description="Refuse quotes above it, in tokens; 0 for any", default=0, min=0, options={"SKIP_SAVE"})
    frames: bpy.props.StringProperty(name="Frames", description="Like 1-12,20; empty for the scene's range", options={"SKIP_SAVE"})
    samples: bpy.props.IntProperty(name="Samples", description="Samples per pixel; 0 for the scene's", default=0, min=0, options={"SKIP_SAVE"})
    output: bpy.props.StringProperty(name="Output", description="Path with # for digits; empty for the scene's", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, _context):
        return not session.busy()

    def execute(self, context):
        options = {"acceptQuote": self.accept, "acceptFrames": self.accept, "maxPrice": int(self.max_price * 1_000_000)}
        arguments = []
        if self.frames:
            arguments.append("--frames=" + self.frames)
        if self.samples:
            arguments.append("--samples=%d" % self.samples)
        if self.output:
            arguments.append("--output=" + bpy.path.abspath(self.output))
        done = self.attempt(lambda: session.describe(context.scene, "submit", options, arguments))
        if done != {"FINISHED"} or not (self.wait or bpy.app.background):
            return done
        return self._to_the_end()

    def _to_the_end(self):
        printer = Printer()
        settled = {"accepted", "settled", "failed", "cancelled", "rejected"} if self.accept else REACHED | {"confirm"}
        wait(lambda: session.now.get("phase") in settled or (session.error and not session.busy()), printer.show)
        now = session.now
        session.discard()
        if session.error or now.get("phase") in {"failed", "cancelled", "rejected"}:
            text = session.error or now.get("text", "the submission ended")
            print("heliostat: error: %s%s" % (text, "; " + session.next if session.next else ""), flush=True)
            self.report({"ERROR"}, text)
            return {"CANCELLED"}
        job = now.get("job") or {}
        print("heliostat: done phase=%s key=%s job=%s frames=%d uploaded=%d" % (
            now["phase"], now["key"], job.get("id", ""), now.get("here", 0), now["upload"]["uploaded"]), flush=True)
        return {"FINISHED"}


class Printer:
    """Prints what is new, one line each."""

    def __init__(self):
        self._last, self._frames = None, set()

    def show(self):
        now = session.now
        for frame in now.get("frames") or []:
            if frame.get("path") and frame["frame"] not in self._frames:
                self._frames.add(frame["frame"])
                print("heliostat: frame %d %s worker=%s" % (frame["frame"], os.path.normpath(frame["path"]), frame.get("worker", "")), flush=True)
        line = (now.get("phase") or ("collect" if session.description else ""), now.get("text", "") + ("; waiting: " + now["why"] if now.get("why") else ""))
        if line != self._last and line[0]:
            self._last = line
            eta = ", %d s left" % now["eta"] if now.get("eta") else ""
            print("heliostat: %s: %s%s" % (line[0], line[1] or "looking for what the scene needs", eta), flush=True)


def register():
    bpy.utils.register_class(HELIOSTAT_OT_submit)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_OT_submit)
