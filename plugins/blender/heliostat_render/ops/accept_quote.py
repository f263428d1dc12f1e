# SPDX-License-Identifier: GPL-3.0-or-later
import bpy

from ..session import session
from .base import Attempt


class HELIOSTAT_OT_accept_quote(Attempt, bpy.types.Operator):
    bl_idname = "heliostat.accept_quote"
    bl_label = "Accept Quote"
    bl_description = "Agree to the price; the most that it can cost goes into escrow"

    @classmethod
    def poll(cls, _context):
        return session.now.get("phase") == "confirm"

    def execute(self, _context):
        return self.attempt(session.job.accept_quote)


def register():
    bpy.utils.register_class(HELIOSTAT_OT_accept_quote)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_OT_accept_quote)
