# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

from ..session import session
from .base import Attempt


class HELIOSTAT_OT_cancel(Attempt, bpy.types.Operator):
    bl_idname = "heliostat.cancel"
    bl_label = "Cancel"
    bl_description = "Stop the job: verified frames are paid, the rest is refunded"

    @classmethod
    def poll(cls, _context):
        return session.busy() and session.now.get("phase") not in {"delivered", "accepted"}

    def execute(self, _context):
        return self.attempt(session.cancel)


def register():
    bpy.utils.register_class(HELIOSTAT_OT_cancel)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_OT_cancel)
