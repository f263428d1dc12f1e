# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a small scene whose files lie in awkward places.

    blender -b --factory-startup --python make.py -- DIR

DIR/project/shot.blend        links ../assets/lib/part.blend, by an absolute path
DIR/project/tex/tile.1001.png and tile.1002.png, a UDIM image
DIR/elsewhere/outside.png     outside the project, by an absolute path
DIR/assets/lib/part.blend     uses //skin.png and, by an absolute path, DIR/elsewhere/far.png
DIR/assets/lib/skin.png
"""

import os
import sys

import bpy

root = os.path.abspath(sys.argv[sys.argv.index("--") + 1])


def picture(path, colour):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    image = bpy.data.images.new(os.path.basename(path), 16, 16)
    image.pixels = [channel for at in range(256) for channel in ((colour[0], colour[1], colour[2], 1) if (at // 4 + at // 64) % 2 else (0.05, 0.05, 0.05, 1))]
    image.filepath_raw, image.file_format = path, "PNG"
    image.save()
    bpy.data.images.remove(image)


def plate(name, stored, place, tiled=False):
    bpy.ops.mesh.primitive_plane_add(size=1.8, location=place)
    thing = bpy.context.object
    thing.name = name
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    node = made.node_tree.nodes.new("ShaderNodeTexImage")
    image = bpy.data.images.load(stored[1])
    image.filepath = stored[0]
    if tiled:
        image.source = "TILED"
        image.filepath = stored[0]
        image.tiles.new(1002)
        for loop in thing.data.uv_layers[0].data:
            loop.uv.x *= 2
    node.image = image
    made.node_tree.links.new(node.outputs["Color"], made.node_tree.nodes["Principled BSDF"].inputs["Base Color"])
    thing.data.materials.append(made)
    return thing


def path(*parts):
    return os.path.join(root, *parts)


bpy.ops.wm.read_factory_settings(use_empty=True)
picture(path("project", "tex", "tile.1001.png"), (0.9, 0.2, 0.1))
picture(path("project", "tex", "tile.1002.png"), (0.2, 0.9, 0.1))
picture(path("elsewhere", "outside.png"), (0.1, 0.3, 0.9))
picture(path("elsewhere", "far.png"), (0.9, 0.1, 0.9))
picture(path("assets", "lib", "skin.png"), (0.9, 0.9, 0.1))

library = path("assets", "lib", "part.blend")
bpy.ops.wm.save_as_mainfile(filepath=library)
parts = bpy.data.collections.new("Parts")
for thing in (plate("skin", ("//skin.png", path("assets", "lib", "skin.png")), (-1, -1, 0)), plate("far", (path("elsewhere", "far.png"),) * 2, (1, -1, 0))):
    parts.objects.link(thing)
parts.use_fake_user = True
bpy.ops.wm.save_as_mainfile(filepath=library)

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.wm.save_as_mainfile(filepath=path("project", "shot.blend"))
plate("tile", ("//tex/tile.<UDIM>.png", path("project", "tex", "tile.1001.png")), (-1, 1, 0), tiled=True)
plate("outside", (path("elsewhere", "outside.png"),) * 2, (1, 1, 0))
with bpy.data.libraries.load(library, link=True) as (_, wanted):
    wanted.collections = ["Parts"]
bpy.context.scene.collection.children.link(wanted.collections[0])
camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
camera.location = (0, 0, 6)
bpy.context.scene.collection.objects.link(camera)
scene = bpy.context.scene
scene.camera = camera
scene.world = bpy.data.worlds.new("World")
scene.world.use_nodes = True
scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising = 4, False
scene.render.dither_intensity = 0
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 64, 100
scene.frame_start, scene.frame_end = 1, 3
scene.render.filepath = "//out/shot_###"
bpy.ops.wm.save_as_mainfile(filepath=path("project", "shot.blend"))
