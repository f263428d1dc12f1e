# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the recipe, the frames and the output of a scene: everything that decides pixels.

What Blender would vary between machines (dither, time limits, path guiding) is pinned by
the render session, not here.
"""

import os

import bpy

# File formats that hold one frame a file and that the network can check and deliver.
FORMATS = {"PNG": ".png", "OPEN_EXR": ".exr", "JPEG": ".jpg", "TIFF": ".tif", "WEBP": ".webp"}
MOVIES = {"FFMPEG", "AVI_JPEG", "AVI_RAW", "XVID", "THEORA"}
ENGINES = {"CYCLES", "BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH"}


def recipe(scene, main, samples=0, percentage=0):
    """The recipe as shared/job.Recipe has it; main is the scene file's package name."""
    render, image = scene.render, scene.render.image_settings
    share = percentage or render.resolution_percentage
    made = {
        "renderer": "blender",
        "version": "%d.%d.%d" % bpy.app.version,
        "engine": render.engine,
        "mainFile": main,
        "scene": scene.name,
        "width": max(1, render.resolution_x * share // 100),
        "height": max(1, render.resolution_y * share // 100),
        "samples": samples or scene_samples(scene),
        "device": "GPU" if render.engine == "CYCLES" and scene.cycles.device == "GPU" else "CPU",
        "format": image.file_format,
        "colorMode": image.color_mode,
        "colorDepth": image.color_depth,
    }
    layers = [layer.name for layer in scene.view_layers if layer.use]
    if len(layers) != len(scene.view_layers):
        made["viewLayers"] = layers
    if image.file_format == "PNG":
        made["compression"] = image.compression
    if image.file_format in {"JPEG", "WEBP"}:
        made["quality"] = image.quality
    if image.file_format == "OPEN_EXR":
        made["exrCodec"] = image.exr_codec
    if denoises(scene):
        made["denoise"] = True
    if composites(scene):
        made["compositing"] = True
        if has_node(scene.node_tree, "DENOISE", set()):
            made["denoiseNode"] = True
    return {key: value for key, value in made.items() if value not in ("", 0, None)}


def scene_samples(scene):
    """Samples per pixel of the scene's engine, 0 where it has no such setting."""
    if scene.render.engine == "CYCLES":
        return scene.cycles.samples
    if scene.render.engine.startswith("BLENDER_EEVEE"):
        return scene.eevee.taa_render_samples
    return 0


def denoises(scene):
    return scene.render.engine == "CYCLES" and scene.cycles.use_denoising


def composites(scene):
    return bool(scene.render.use_compositing and scene.use_nodes and scene.node_tree and scene.node_tree.nodes)


def has_node(tree, kind, seen):
    """Whether a node of the kind is switched on in the tree or in its groups."""
    if tree is None or tree in seen:
        return False
    seen.add(tree)
    return any(not n.mute and (n.type == kind or n.type == "GROUP" and has_node(n.node_tree, kind, seen)) for n in tree.nodes)


def frames(scene, text=""):
    """Frame numbers, ascending: from text like "1-12,20,30-40x2", else the scene's range.

    Raises ValueError that names the part which can't be read.
    """
    if not text:
        return list(range(scene.frame_start, scene.frame_end + 1, max(1, scene.frame_step)))
    found = set()
    for part in text.replace(" ", "").split(","):
        span, _, step = part.partition("x")
        first, dash, last = span[:1] + span[1:].partition("-")[0], *span[1:].partition("-")[1:]
        try:
            start = int(first)
            end = int(last) if dash else start
            stride = int(step) if step else 1
        except ValueError:
            raise ValueError('frames "%s" can\'t be read: write them like 1-12,20,30-40x2' % part) from None
        if end < start or stride < 1 or (end - start) // stride > 100000:
            raise ValueError('frames "%s" are empty or too many: write them like 1-12' % part)
        found.update(range(start, end + 1, stride))
    return sorted(found)


def output(scene, original):
    """The output description: where delivered frames go on the artist's machine."""
    raw = scene.render.filepath
    base = os.path.dirname(original)
    if raw.startswith("//"):
        pattern = os.path.join(base, raw[2:].replace("\\", "/") if os.sep == "/" else raw[2:])
    else:
        pattern = raw if os.path.isabs(raw) else os.path.join(base, raw)
    ends = pattern.endswith(("/", os.sep))
    pattern = os.path.normpath(pattern)
    extension = FORMATS.get(scene.render.image_settings.file_format, "") if scene.render.use_file_extension else ""
    return {"pattern": pattern + os.sep if ends else pattern, "extension": extension}
