# SPDX-License-Identifier: GPL-3.0-or-later
"""Which datablocks a scene's render can read.

A .blend holds more than that: brushes and their textures, materials that nothing wears,
pictures behind a camera that only the artist sees. It is not the place for the files
behind a datablock: that is references.py.
"""

import bpy

# What only the artist's interface reads.
INTERFACE = (bpy.types.Brush, bpy.types.Palette, bpy.types.PaintCurve, bpy.types.Screen, bpy.types.WindowManager, bpy.types.WorkSpace)
PICTURES = (bpy.types.Image, bpy.types.MovieClip)


class Reached:
    """Everything that `scene` leads to; every datablock counts where scene is None."""

    def __init__(self, scene=None):
        self._everything = scene is None
        self._found = set()
        if scene is None:
            return
        leads = {}
        for block, users in bpy.data.user_map().items():
            for user in users:
                leads.setdefault(user.as_pointer(), (user, []))[1].append(block)
        waiting = [scene]
        while waiting:
            block = waiting.pop()
            at = block.as_pointer()
            if at in self._found:
                continue
            self._found.add(at)
            user, wanted = leads.get(at, (block, ()))
            waiting += [one for one in wanted if not isinstance(one, INTERFACE) and _renders(user, one)]

    def __contains__(self, block):
        return self._everything or block.as_pointer() in self._found


def _renders(user, block):
    """Whether the way from a user to what it holds is one that a render goes."""
    if not isinstance(block, PICTURES):
        return True
    if isinstance(user, bpy.types.Camera):
        return False  # a background
    if isinstance(user, bpy.types.Object):
        return user.type != "EMPTY"  # a reference picture
    if isinstance(user, bpy.types.Scene):
        # The compositor's, and not the canvas of a brush or the clip in an editor.
        return any(block in (getattr(node, "image", None), getattr(node, "clip", None)) for node in (user.node_tree.nodes if user.node_tree else ()))
    return True
