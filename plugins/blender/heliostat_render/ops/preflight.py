# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

from ..findings import ERROR, worst
from ..session import session
from .base import Attempt, wait


class HELIOSTAT_OT_preflight(Attempt, bpy.types.Operator):
    bl_idname = "heliostat.preflight"
    bl_label = "Check Scene"
    bl_description = "Look for what would keep the network from rendering this scene as you see it"

    @classmethod
    def poll(cls, _context):
        return not session.busy()

    def execute(self, context):
        done = self.attempt(lambda: session.describe(context.scene, "check"))
        if done != {"FINISHED"} or not bpy.app.background:
            return done
        wait(lambda: not session.busy())
        for found in session.findings or []:
            print("heliostat: %s: %s%s" % (found["level"], found["text"], "; " + found["fix"] if found.get("fix") else ""), flush=True)
        if session.error or worst(session.findings or []) == ERROR:
            self.report({"ERROR"}, session.error or "the scene can't be submitted yet")
            return {"CANCELLED"}
        return {"FINISHED"}


def register():
    bpy.utils.register_class(HELIOSTAT_OT_preflight)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_OT_preflight)
