# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences."""

import os

import bpy

DEFAULT_MANAGER = "http://127.0.0.1:7777"


class HeliostatPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    manager: bpy.props.StringProperty(name="Manager", description="Address of the render network's manager; of several managers their addresses with commas between", default=DEFAULT_MANAGER)
    data: bpy.props.StringProperty(name="Data Folder", description="Holds your identity and your submissions; empty for the usual place", subtype="DIR_PATH")
    library: bpy.props.StringProperty(name="Library", description="Path of libheliostat; empty for the one that came with the add-on", subtype="FILE_PATH")
    overwrite: bpy.props.EnumProperty(
        name="Existing Files", description="What happens to files that are where a frame goes",
        items=(("older", "Replace Older", "Replace what was there when you submitted, keep what was written since"),
               ("always", "Replace", "Replace every file"),
               ("never", "Keep", "Keep every file that Heliostat didn't write; frames go beside it")))

    def draw(self, _context):
        column = self.layout.column()
        for name in ("manager", "data", "library", "overwrite"):
            column.prop(self, name)
        column.label(text="Back up identity.json in the data folder: it is your account.", icon="KEYINGSET")


class Settings:
    """The preferences as plain values; the environment wins, for scripts and render farms."""

    def __init__(self):
        addon = bpy.context.preferences.addons.get(__package__)
        stored = addon.preferences if addon else None
        self.manager = os.environ.get("HELIOSTAT_MANAGER") or (stored and stored.manager) or DEFAULT_MANAGER
        self.data = os.environ.get("HELIOSTAT_DATA") or (stored and bpy.path.abspath(stored.data)) or ""
        self.library = os.environ.get("HELIOSTAT_LIBRARY") or (stored and bpy.path.abspath(stored.library)) or ""
        self.overwrite = (stored and stored.overwrite) or "older"


def register():
    bpy.utils.register_class(HeliostatPreferences)


def unregister():
    bpy.utils.unregister_class(HeliostatPreferences)
