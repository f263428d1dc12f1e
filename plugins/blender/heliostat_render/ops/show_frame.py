# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

from .. import session as sessions
from ..session import session


class HELIOSTAT_OT_show_frame(bpy.types.Operator):
    bl_idname = "heliostat.show_frame"
    bl_label = "Show Last Frame"
    bl_description = "Show the frame that arrived last in an Image Editor"

    @classmethod
    def poll(cls, _context):
        return bool(session.now.get("lastFrame"))

    def execute(self, context):
        if not any(area.type == "IMAGE_EDITOR" for window in context.window_manager.windows for area in window.screen.areas):
            bpy.ops.wm.window_new()
            context.window_manager.windows[-1].screen.areas[0].type = "IMAGE_EDITOR"
        sessions.show_frame(session.now["lastFrame"])
        return {"FINISHED"}


def register():
    bpy.utils.register_class(HELIOSTAT_OT_show_frame)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_OT_show_frame)
