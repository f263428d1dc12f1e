# SPDX-License-Identifier: GPL-3.0-or-later
"""Every place in the open file that names a file on disk.

A Reference can be read (raw text, absolute path, who wants it) and rewritten. It is not
the place for where files go in a package: that is collect.py.
"""

import ctypes
import fnmatch
import os
import re

import bpy

from . import sequences
from .reached import Reached

# Images that the add-on itself loads to show frames; never part of a scene.
PREVIEW = "heliostat_preview"

PATH = 1024  # bytes that Blender keeps for a path, with its closing zero


class Reference:
    """One path in one datablock.

    raw is the text as stored, path is absolute on this machine, library is the linked
    library that holds the datablock and holder its path (None for the open file), needed
    tells whether the render fails without it, used whether it reads it at all. folder
    names a folder's files, as patterns of paths inside it.
    """

    def __init__(self, user, kind, raw, library, assign, needed=True, used=True, folder=(), frames=None):
        self.user, self.kind, self.raw = user, kind, raw
        self.assign, self.needed, self.used, self.folder = assign, needed, used, folder
        self.path = absolute(raw, library)
        self._hold(library)
        self._frames = frames

    def _hold(self, library):
        # Noted now, because rewriting the path of the library changes the answer.
        self.library, self.holder = library, absolute(library.filepath, None) if library else None

    def files(self):
        """Absolute paths of the files that the render reads; those missing are included."""
        return self.behind() if self.used else []

    def behind(self):
        """The same, whether the render reads them or not."""
        if self.folder:
            if not os.path.isdir(self.path):
                return [self.path] if self.needed else []
            found = sorted(os.path.join(base, name) for base, _, names in os.walk(self.path) for name in names)
            inside = lambda path: os.path.relpath(path, self.path).replace(os.sep, "/")
            return [path for path in found if any(fnmatch.fnmatchcase(inside(path), pattern) for pattern in self.folder)]
        if self._frames:
            return self._frames(self.path)
        return [self.path]


def absolute(raw, library):
    """The absolute, normalised path of a stored path; // is relative to its own file."""
    if os.sep == "/":
        foreign = _of_windows(raw)
        if foreign:
            return foreign
        raw = raw.replace("\\", "/")
    return os.path.normpath(bpy.path.abspath(raw, library=library))


def _of_windows(raw):
    """Where a full path that was stored on Windows leads elsewhere, "" for another path."""
    drive, share = re.match(r"([A-Za-z]):[\\/]+(.*)", raw), raw.startswith("\\\\")
    if not drive and not share:
        return ""
    if share:
        return os.path.normpath("/" + raw.replace("\\", "/").lstrip("/"))  # Blender's own reading of \\server\share
    rest = drive[2].replace("\\", "/")
    here = os.path.normpath("/%s/%s" % (drive[1].lower(), rest))  # and of C:\, where somebody has mounted that
    return here if os.path.lexists(here) else os.path.normpath("%s:/%s" % (drive[1], rest))


def references(numbers=None, main="", scene=None):
    """Yields a Reference for every external file that the open file names.

    numbers: the frames that are rendered; None takes sequences whole. main: the path of
    the open file as the artist knows it, where the open one is a copy. scene: what isn't
    reached from it is not used; None takes everything.
    """
    frames, reached = sequences.Frames(numbers), Reached(scene)
    for lib in bpy.data.libraries:
        yield _library(lib)
    for image in bpy.data.images:
        yield from _image(image, frames, reached)
    for clip in bpy.data.movieclips:
        wanted = frames.of_clip(clip) if clip.source == "SEQUENCE" else None
        yield Reference('Movie clip "%s"' % clip.name, "clip", clip.filepath, clip.library, _clip_setter(clip), used=clip in reached, frames=wanted)
    for font in bpy.data.fonts:
        if font.filepath != "<builtin>" and not font.packed_file:
            yield Reference('Font "%s"' % font.name, "font", font.filepath, font.library, _setter(font, "filepath"), used=font in reached)
    for sound in bpy.data.sounds:
        if sound.filepath and not sound.packed_file:
            yield Reference('Sound "%s"' % sound.name, "sound", sound.filepath, sound.library, _setter(sound, "filepath"), needed=False, used=sound in reached)
    for volume in bpy.data.volumes:
        if not volume.packed_file and volume.filepath:
            wanted = frames.of_volume(volume) if volume.is_sequence else None
            yield Reference('Volume "%s"' % volume.name, "volume", volume.filepath, volume.library, _setter(volume, "filepath"), used=volume in reached, frames=wanted)
    for cache in bpy.data.cache_files:
        yield from _cache(cache, frames, reached)
    for holder in bpy.data.objects:
        yield from _modifiers(holder, main or bpy.data.filepath, holder in reached)
    for tree, holder in _trees():
        yield from _nodes(tree, holder, holder in reached)
    for one in bpy.data.scenes:
        yield from _strips(one, one in reached)


def _library(lib):
    # Blender rewrites the relative path of an indirect library to count from the open
    # file, while the text that a render reads stands in the library that links it.
    # A packed one needs no file, but paths inside it count from where it says it lies.
    made = Reference('Library "%s"' % lib.name, "library", lib.filepath, None, _setter(lib, "filepath"), used=lib.packed_file is None)
    made._hold(lib.parent)
    return made


def _setter(owner, attribute):
    def assign(value):
        setattr(owner, attribute, value)
    return assign


def _clip_setter(clip):
    """Writes the path where Blender keeps it.

    Its own setter looks for the file, which isn't where the package will have it, and a
    clip whose file isn't there is taken for a movie from then on.
    """
    def assign(value):
        raw, wanted = os.fsencode(clip.filepath), os.fsencode(value)
        memory = (ctypes.c_char * 2048).from_address(clip.as_pointer())
        at = bytes(memory).find(raw + bytes(PATH - len(raw)))
        if raw and 0 <= at <= len(memory) - PATH and len(wanted) < PATH:
            memory[at:at + PATH] = wanted + bytes(PATH - len(wanted))
        if clip.filepath != value:
            clip.filepath = value
    return assign


def _image(image, sequence, reached):
    if image.source not in {"FILE", "SEQUENCE", "MOVIE", "TILED"} or image.get(PREVIEW):
        return
    if not image.filepath or image.packed_file or len(image.packed_files):
        return
    frames, used = None, image in reached
    if image.source == "SEQUENCE" and used:
        frames = sequence.of_image(image)
    elif image.source == "TILED":
        numbers = [tile.number for tile in image.tiles]
        frames = lambda path: sequences.tiles(path, numbers)
    yield Reference('Image "%s"' % image.name, "image", image.filepath, image.library, _setter(image, "filepath"), used=used, frames=frames)


def _cache(cache, frames, reached):
    who, used = 'Cache "%s"' % cache.name, cache in reached
    wanted = frames.of_cache(cache) if cache.is_sequence else None
    yield Reference(who, "cache", cache.filepath, cache.library, _setter(cache, "filepath"), used=used, frames=wanted)
    for layer in getattr(cache, "layers", ()):
        if not layer.hide_layer:
            yield Reference(who, "cache", layer.filepath, cache.library, _setter(layer, "filepath"), used=used, frames=wanted)


# What lies in a cache's folder; anything else there is somebody's own.
POINTS = ("*.bphys", "*.bphys.*")
OCEAN = ("disp_*", "foam_*", "normal_*", "spray_*", "ispray_*")
FLUID = ("config/*", "data/*", "guiding/*", "mesh/*", "noise/*", "particles/*")
BAKE = ("meta/*", "blobs/*", "*/meta/*", "*/blobs/*")


def _modifiers(holder, main, used):
    for modifier in holder.modifiers:
        who = 'Modifier "%s" of "%s"' % (modifier.name, holder.name)
        folder = lambda owner, attribute, like, needed=True, who=who: Reference(
            who, "cache", getattr(owner, attribute), holder.library, _setter(owner, attribute), needed=needed, used=used, folder=like)
        if modifier.type == "MESH_CACHE" and modifier.filepath:
            yield Reference(who, "cache", modifier.filepath, holder.library, _setter(modifier, "filepath"), used=used)
        elif modifier.type == "OCEAN" and modifier.is_cached and modifier.filepath:
            yield folder(modifier, "filepath", OCEAN)
        elif modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
            domain = modifier.domain_settings
            yield folder(domain, "cache_directory", FLUID, domain.has_cache_baked_data or domain.cache_type == "REPLAY")
        elif modifier.type == "NODES":
            for owner, attribute in node_bakes(modifier):
                yield folder(owner, attribute, BAKE, False)
    for cache in point_caches(holder):
        yield from _point_cache(cache, 'Simulation of "%s"' % holder.name, holder.library, main, used)
    if holder.rigid_body:
        for scene in bpy.data.scenes:
            if scene.rigidbody_world and scene.rigidbody_world.point_cache:
                yield from _point_cache(scene.rigidbody_world.point_cache, 'Rigid bodies of "%s"' % scene.name, scene.library, main, used)


def node_bakes(modifier):
    """(owner, attribute) of each folder that geometry nodes bake into: Blender 3.6 and later."""
    found = [(modifier, attribute) for attribute in ("simulation_bake_directory", "bake_directory") if getattr(modifier, attribute, "")]
    for bake in getattr(modifier, "bakes", ()):
        if bake.use_custom_path and bake.directory:
            found.append((bake, "directory"))
    return found


def _point_cache(cache, who, library, main, used):
    if cache.use_external:
        if cache.filepath:
            yield Reference(who, "cache", cache.filepath, library, _setter(cache, "filepath"), used=used, folder=POINTS)
    elif cache.use_disk_cache:
        # Blender finds these by the name of the .blend, so nothing has to be rewritten.
        holder = absolute(library.filepath, None) if library else main
        folder = "blendcache_" + os.path.splitext(os.path.basename(holder))[0]
        yield Reference(who, "cache", os.path.join(os.path.dirname(holder), folder), None, None, needed=cache.is_baked, used=used, folder=POINTS)


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
    for group in (bpy.data.materials, bpy.data.worlds, bpy.data.lights, bpy.data.textures, bpy.data.linestyles, bpy.data.scenes):
        for holder in group:
            if getattr(holder, "node_tree", None):
                yield holder.node_tree, holder
    for tree in bpy.data.node_groups:
        yield tree, tree


def _nodes(tree, holder, used):
    for node in tree.nodes:
        external = (node.type == "TEX_IES" and node.mode == "EXTERNAL") or (node.type == "SCRIPT" and node.mode == "EXTERNAL")
        if external and node.filepath:
            yield Reference('Node "%s" of "%s"' % (node.name, holder.name), "node", node.filepath, holder.library, _setter(node, "filepath"), used=used)


def _strips(scene, used):
    editor = scene.sequence_editor
    if not editor:
        return
    used = used and scene.render.use_sequencer
    for strip in editor.sequences_all:
        who = 'Strip "%s"' % strip.name
        if strip.type == "MOVIE":
            yield Reference(who, "strip", strip.filepath, scene.library, _setter(strip, "filepath"), used=used)
        elif strip.type == "IMAGE":
            names = [element.filename for element in strip.elements]
            yield Reference(who, "strip", strip.directory, scene.library, _setter(strip, "directory"), used=used, frames=lambda path, names=names: [os.path.join(path, name) for name in names])
