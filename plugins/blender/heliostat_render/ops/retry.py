# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

from ..session import session
from .base import Attempt


class HELIOSTAT_OT_retry(Attempt, bpy.types.Operator):
    bl_idname = "heliostat.retry"
    bl_label = "Retry"
    bl_description = "Go on with the submission from where it failed"

    @classmethod
    def poll(cls, _context):
        return session.now.get("phase") == "failed" and bool(session.now.get("key"))

    def execute(self, _context):
        return self.attempt(session.retry)


def register():
    bpy.utils.register_class(HELIOSTAT_OT_retry)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_OT_retry)
