# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

from ..session import session
from .base import Attempt


class HELIOSTAT_OT_reject_quote(Attempt, bpy.types.Operator):
    bl_idname = "heliostat.reject_quote"
    bl_label = "Reject Quote"
    bl_description = "End the submission; nothing is paid"

    @classmethod
    def poll(cls, _context):
        return session.now.get("phase") == "confirm"

    def execute(self, _context):
        return self.attempt(session.job.reject_quote)


def register():
    bpy.utils.register_class(HELIOSTAT_OT_reject_quote)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_OT_reject_quote)
