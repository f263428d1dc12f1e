# SPDX-License-Identifier: GPL-3.0-or-later
"""Every place in the open file that names a file on disk.

A Reference can be read (raw text, absolute path, who wants it) and rewritten. It is not
the place for where files go in a package: that is collect.py.
"""

import os
import re

import bpy

from . import sequences

# Images that the add-on itself loads to show frames; never part of a scene.
PREVIEW = "heliostat_preview"


class Reference:
    """One path in one datablock.

    raw is the text as stored, path is absolute on this machine, library is the linked
    library that holds the datablock and holder its path (None for the open file), needed
    tells whether the render reads it.
    """

    def __init__(self, user, kind, raw, library, assign, needed=True, folder=False, frames=None):
        self.user, self.kind, self.raw = user, kind, raw
        self.assign, self.needed, self.folder = assign, needed, folder
        self.path = absolute(raw, library)
        self._hold(library)
        self._frames = frames

    def _hold(self, library):
        # Noted now, because rewriting the path of the library changes the answer.
        self.library, self.holder = library, absolute(library.filepath, None) if library else None

    def files(self):
        """Absolute paths of the files behind the reference; those missing are included."""
        if self.folder:
            if not os.path.isdir(self.path):
                return [self.path] if self.needed else []
            return sorted(os.path.join(base, name) for base, _, names in os.walk(self.path) for name in names)
        if self._frames:
            return self._frames(self.path)
        return [self.path]


def absolute(raw, library):
    """The absolute, normalised path of a stored path; // is relative to its own file."""
    if os.sep == "/":
        raw = raw.replace("\\", "/")  # files made on Windows
        if re.match(r"[A-Za-z]:/", raw):
            return os.path.normpath(raw)  # a drive that this machine hasn't; named as the artist knows it
    return os.path.normpath(bpy.path.abspath(raw, library=library))


def references(numbers=None, main=""):
    """Yields a Reference for every external file that the render may read.

    numbers: the frames that are rendered; None takes sequences whole. main: the path of
    the open file as the artist knows it, where the open one is a copy.
    """
    frames = sequences.Frames(numbers)
    for lib in bpy.data.libraries:
        if lib.packed_file is None:
            yield _library(lib)
    for image in bpy.data.images:
        yield from _image(image, frames)
    for clip in bpy.data.movieclips:
        if clip.users:
            wanted = frames.of_clip(clip) if clip.source == "SEQUENCE" else None
            yield Reference('Movie clip "%s"' % clip.name, "clip", clip.filepath, clip.library, _setter(clip, "filepath"), frames=wanted)
    for font in bpy.data.fonts:
        if font.users and font.filepath != "<builtin>" and not font.packed_file:
            yield Reference('Font "%s"' % font.name, "font", font.filepath, font.library, _setter(font, "filepath"))
    for sound in bpy.data.sounds:
        if sound.users and sound.filepath and not sound.packed_file:
            yield Reference('Sound "%s"' % sound.name, "sound", sound.filepath, sound.library, _setter(sound, "filepath"), needed=False)
    for volume in bpy.data.volumes:
        if volume.users and not volume.packed_file:
            yield Reference('Volume "%s"' % volume.name, "volume", volume.filepath, volume.library, _setter(volume, "filepath"), frames=frames.of_volume(volume) if volume.is_sequence else None)
    for cache in bpy.data.cache_files:
        if cache.users:
            yield Reference('Cache "%s"' % cache.name, "cache", cache.filepath, cache.library, _setter(cache, "filepath"), frames=frames.of_cache(cache) if cache.is_sequence else None)
    for holder in bpy.data.objects:
        yield from _modifiers(holder, main or bpy.data.filepath)
    for tree, holder in _trees():
        yield from _nodes(tree, holder)
    for scene in bpy.data.scenes:
        yield from _strips(scene)


def _library(lib):
    # Blender rewrites the relative path of an indirect library to count from the open
    # file, while the text that a render reads stands in the library that links it.
    made = Reference('Library "%s"' % lib.name, "library", lib.filepath, None, _setter(lib, "filepath"))
    made._hold(lib.parent)
    return made


def _setter(owner, attribute):
    def assign(value):
        setattr(owner, attribute, value)
    return assign


def _image(image, sequence):
    if image.source not in {"FILE", "SEQUENCE", "MOVIE", "TILED"} or image.get(PREVIEW):
        return
    if not image.filepath or image.packed_file or len(image.packed_files) or not _rendered(image):
        return
    frames = None
    if image.source == "SEQUENCE":
        frames = sequence.of_image(image)
    elif image.source == "TILED":
        numbers = [tile.number for tile in image.tiles]
        frames = lambda path: sequences.tiles(path, numbers)
    yield Reference('Image "%s"' % image.name, "image", image.filepath, image.library, _setter(image, "filepath"), frames=frames)


def _rendered(image):
    """Whether anything but a brush, a screen or nothing uses the image."""
    if image.users == 0 or (image.use_fake_user and image.users == 1):
        return False
    return bool(_image_users().get(image.as_pointer(), True))


def _image_users():
    """Maps the pointer of an image to False where only brushes and screens use it."""
    found = {}
    plain = (bpy.types.Brush, bpy.types.Screen, bpy.types.WindowManager, bpy.types.WorkSpace, bpy.types.PaintCurve)
    for image, users in bpy.data.user_map(subset=bpy.data.images).items() if len(bpy.data.images) else ():
        textures = [user for user in users if isinstance(user, bpy.types.Texture)]
        others = [user for user in users if not isinstance(user, plain) and user not in textures]
        if not others and textures:
            others = [user for texture in textures for user in bpy.data.user_map(subset=[texture])[texture] if not isinstance(user, plain)]
        found[image.as_pointer()] = bool(others)
    return found


def _modifiers(holder, main):
    for modifier in holder.modifiers:
        who = 'Modifier "%s" of "%s"' % (modifier.name, holder.name)
        if modifier.type == "MESH_CACHE" and modifier.filepath:
            yield Reference(who, "cache", modifier.filepath, holder.library, _setter(modifier, "filepath"))
        elif modifier.type == "OCEAN" and modifier.is_cached and modifier.filepath:
            yield Reference(who, "cache", modifier.filepath, holder.library, _setter(modifier, "filepath"), folder=True)
        elif modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
            domain = modifier.domain_settings
            baked = domain.has_cache_baked_data or domain.cache_type == "REPLAY"
            yield Reference(who, "cache", domain.cache_directory, holder.library, _setter(domain, "cache_directory"), needed=baked, folder=True)
        elif modifier.type == "NODES":
            # Where Blender from 3.6 on bakes simulation zones; 4.1 renamed it.
            for attribute in ("simulation_bake_directory", "bake_directory"):
                if getattr(modifier, attribute, ""):
                    yield Reference(who, "cache", getattr(modifier, attribute), holder.library, _setter(modifier, attribute), folder=True)
    for cache in point_caches(holder):
        yield from _point_cache(cache, 'Simulation of "%s"' % holder.name, holder.library, main)
    if holder.rigid_body:
        for scene in bpy.data.scenes:
            if scene.rigidbody_world and scene.rigidbody_world.point_cache:
                yield from _point_cache(scene.rigidbody_world.point_cache, 'Rigid bodies of "%s"' % scene.name, scene.library, main)


def _point_cache(cache, who, library, main):
    if cache.use_external:
        if cache.filepath:
            yield Reference(who, "cache", cache.filepath, library, _setter(cache, "filepath"), folder=True)
    elif cache.use_disk_cache:
        # Blender finds these by the name of the .blend, so nothing has to be rewritten.
        holder = absolute(library.filepath, None) if library else main
        folder = "blendcache_" + os.path.splitext(os.path.basename(holder))[0]
        yield Reference(who, "cache", os.path.join(os.path.dirname(holder), folder), None, None, needed=cache.is_baked, folder=True)


def point_caches(holder):
    """The point caches of an object's simulations."""
    for modifier in holder.modifiers:
        if modifier.type in {"CLOTH", "SOFT_BODY"}:
            yield modifier.point_cache
        elif modifier.type == "PARTICLE_SYSTEM":
            yield modifier.particle_system.point_cache
        elif modifier.type == "DYNAMIC_PAINT" and modifier.canvas_settings:
            for surface in modifier.canvas_settings.canvas_surfaces:
                yield surface.point_cache


def _trees():
    for group in (bpy.data.materials, bpy.data.worlds, bpy.data.lights, bpy.data.textures, bpy.data.scenes):
        for holder in group:
            if getattr(holder, "node_tree", None):
                yield holder.node_tree, holder
    for tree in bpy.data.node_groups:
        yield tree, tree


def _nodes(tree, holder):
    for node in tree.nodes:
        external = (node.type == "TEX_IES" and node.mode == "EXTERNAL") or (node.type == "SCRIPT" and node.mode == "EXTERNAL")
        if external and node.filepath:
            yield Reference('Node "%s" of "%s"' % (node.name, holder.name), "node", node.filepath, holder.library, _setter(node, "filepath"))


def _strips(scene):
    editor = scene.sequence_editor
    if not editor or not scene.render.use_sequencer:
        return
    for strip in editor.sequences_all:
        who = 'Strip "%s"' % strip.name
        if strip.type == "MOVIE":
            yield Reference(who, "strip", strip.filepath, scene.library, _setter(strip, "filepath"))
        elif strip.type == "IMAGE":
            names = [element.filename for element in strip.elements]
            yield Reference(who, "strip", strip.directory, scene.library, _setter(strip, "directory"), frames=lambda path, names=names: [os.path.join(path, name) for name in names])
