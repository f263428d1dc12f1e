# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

from ..session import session


class HELIOSTAT_OT_connect(bpy.types.Operator):
    bl_idname = "heliostat.connect"
    bl_label = "Connect"
    bl_description = "Connect to the manager"

    def execute(self, _context):
        try:
            session.connect()
        except RuntimeError as error:
            session.error = str(error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def register():
    bpy.utils.register_class(HELIOSTAT_OT_connect)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_OT_connect)
