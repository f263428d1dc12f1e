# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

from ..session import session
from .base import Attempt


class HELIOSTAT_OT_accept_frames(Attempt, bpy.types.Operator):
    bl_idname = "heliostat.accept_frames"
    bl_label = "Accept Frames"
    bl_description = "Agree to the delivered frames, so that the job is settled now"

    @classmethod
    def poll(cls, _context):
        return session.now.get("phase") == "delivered"

    def execute(self, _context):
        return self.attempt(session.job.accept_frames)


def register():
    bpy.utils.register_class(HELIOSTAT_OT_accept_frames)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_OT_accept_frames)
