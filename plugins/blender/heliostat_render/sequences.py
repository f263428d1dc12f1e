# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a sequence the rendered frames read.

Each method returns a function from a stored path to the files behind it, missing ones
included. Frames beside the rendered ones count too, where they are there: motion blur
reads them.
"""

import os
import re

import bpy


class Frames:
    """numbers: the rendered frames; None for all that there are."""

    def __init__(self, numbers=None):
        self.numbers = None if numbers is None else set(numbers)
        self.beside = set() if numbers is None else {near for number in numbers for near in (number - 1, number, number + 1)}

    def of_image(self, image):
        users = list(_image_users(image))
        if self.numbers is None or not users or None in users:
            return everything
        return self._numbered(lambda frame: {number for user in users for number in shown_by(user, frame)})

    def of_clip(self, clip):
        # The first frame's file is the stored one, and Blender looks at it for the clip's size.
        return lambda path: everything(path) if self.numbers is None else sorted({path, *self._numbered(
            lambda frame: {(number_of(path) or 0) + frame - clip.frame_start + clip.frame_offset})(path)})

    def of_volume(self, volume):
        if self.numbers is None:
            return everything
        return self._numbered(lambda frame: set(volume_frame(frame, volume.frame_start, volume.frame_duration, volume.frame_offset, volume.sequence_mode)))

    def of_cache(self, cache):
        if self.numbers is None or cache.override_frame or cache.animation_data:
            return everything
        return self._numbered(lambda frame: {int(frame - cache.frame_offset)})

    def _numbered(self, wanted):
        def files(path):
            there = numbered(path)
            if number_of(path) is None:
                return [path]
            sure = {number for frame in self.numbers for number in wanted(frame)}
            near = {number for frame in self.beside for number in wanted(frame)} & set(there)
            return sorted({there.get(number) or with_number(path, number) for number in sure | near})
        return files


def _image_users(image):
    """(start, duration, offset, cyclic) of each place that shows the image, None for one that isn't known."""
    for owner in bpy.data.user_map(subset=[image])[image]:
        tree = owner if isinstance(owner, bpy.types.NodeTree) else getattr(owner, "node_tree", None)
        known = False
        for node in tree.nodes if tree else ():
            if getattr(node, "image", None) != image:
                continue
            user = getattr(node, "image_user", None) or (node if hasattr(node, "frame_duration") else None)
            known = user is not None
            yield known and (user.frame_start, user.frame_duration, user.frame_offset, user.use_cyclic) or None
        if isinstance(owner, bpy.types.ImageTexture):
            user, known = owner.image_user, True
            yield (user.frame_start, user.frame_duration, user.frame_offset, user.use_cyclic)
        if not known and not isinstance(owner, (bpy.types.Brush, bpy.types.Screen, bpy.types.Camera)):
            yield None


def shown_by(user, frame):
    """The numbers that an image user may show at a frame: Blender's own mapping."""
    start, duration, offset, cyclic = user
    if duration < 1:
        return {offset, 1 + offset}
    at = frame - start + 1
    if cyclic:
        at = at % duration or duration
    return {min(max(at, 1), duration) + offset}


def volume_frame(frame, start, duration, offset, mode):
    """The number that a volume sequence shows at a frame, as a list: empty outside a clip."""
    if duration < 1:
        return []
    at = frame - start + 1
    if mode == "CLIP" and not 1 <= at <= duration:
        return []
    if mode == "REPEAT":
        at = at % duration or duration
    elif mode == "PING_PONG" and duration > 1:
        at = (at - 1) % (2 * duration - 2) + 1
        at = at if at <= duration else 2 * duration - at
    return [min(max(at, 1), duration) + offset]


def tiles(path, numbers):
    """The files of a UDIM pattern, one for each tile number."""
    found = []
    for number in numbers:
        u, v = (number - 1001) % 10 + 1, (number - 1001) // 10 + 1
        found.append(path.replace("<UDIM>", str(number)).replace("<UVTILE>", "u%d_v%d" % (u, v)))
    return found


def _digits(path):
    """(start, end) of the last run of digits in a path's file name, None without one."""
    stem = os.path.splitext(path)[0]
    runs = list(re.finditer(r"[0-9]+", os.path.basename(stem)))
    if not runs:
        return None
    base = len(stem) - len(os.path.basename(stem))
    return base + runs[-1].start(), base + runs[-1].end()


def number_of(path):
    """The number in a path's file name, None without one."""
    span = _digits(path)
    return int(path[span[0]:span[1]]) if span else None


def with_number(path, number):
    """The path with another number, padded like its own."""
    start, end = _digits(path)
    return path[:start] + "%0*d" % (end - start, number) + path[end:]


def numbered(path):
    """Number -> path of every file that differs from `path` only in its number."""
    folder, span = os.path.dirname(path), _digits(path)
    if not span or not os.path.isdir(folder):
        return {}
    like = re.compile(re.escape(path[len(folder) + 1:span[0]]) + "([0-9]+)" + re.escape(path[span[1]:]) + "$")
    found = {}
    for name in sorted(os.listdir(folder)):
        match = like.match(name)
        # Blender pads to the width of the stored path, and so prefers that spelling.
        if match and (int(match[1]) not in found or len(match[1]) == span[1] - span[0]):
            found[int(match[1])] = os.path.join(folder, name)
    return found


def everything(path):
    """Every file of the sequence."""
    return sorted(numbered(path).values()) or [path]
