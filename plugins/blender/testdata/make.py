# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a small scene whose files lie in awkward places.

    blender -b --factory-startup --python make.py -- DIR

DIR/project/shot.blend        links ../assets/lib/part.blend, by an absolute path
DIR/project/tex/tile.1001.png and tile.1002.png, a UDIM image
DIR/elsewhere/outside.png     outside the project, by an absolute path
DIR/assets/lib/part.blend     uses //skin.png and, by an absolute path, DIR/elsewhere/far.png
DIR/assets/lib/skin.png
DIR/project/tex/walk_0001.png to walk_0009.png, an image sequence
DIR/project/tex/größe 大.png  wanted as //tex\\größe 大.png, the way that Windows writes it
DIR/project/tex/packed.png    packed into shot.blend and deleted
DIR/project/tex/brush.png     used by a brush only
DIR/project/tex/lamp.ies      light distribution
DIR/project/blendcache_shot/  disk cache of a baked cloth
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


def plate(name, stored, place, tiled=False, size=1.8):
    bpy.ops.mesh.primitive_plane_add(size=size, location=place)
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
for number in range(1, 10):
    picture(path("project", "tex", "walk_%04d.png" % number), (number / 10, 1 - number / 10, 0.5))
for name, colour in (("größe 大.png", (1, 1, 0)), ("packed.png", (0, 1, 1)), ("brush.png", (1, 0, 0))):
    picture(path("project", "tex", name), colour)
walk = plate("walk", ("//tex/walk_0001.png", path("project", "tex", "walk_0001.png")), (0, 0.9, 0.5), size=0.7)
node = walk.data.materials[0].node_tree.nodes["Image Texture"]
node.image.source = "SEQUENCE"
node.image_user.frame_start, node.image_user.frame_duration, node.image_user.frame_offset, node.image_user.use_auto_refresh = 1, 9, 3, True
plate("windows", ("//tex\\größe 大.png", path("project", "tex", "größe 大.png")), (-0.9, 0, 0.5), size=0.7)
packed = plate("packed", ("//tex/packed.png", path("project", "tex", "packed.png")), (0.9, 0, 0.5), size=0.7)
packed.data.materials[0].node_tree.nodes["Image Texture"].image.pack()
os.remove(path("project", "tex", "packed.png"))
texture = bpy.data.textures.new("brush", "IMAGE")
texture.image = bpy.data.images.load(path("project", "tex", "brush.png"))
bpy.data.brushes.new("brush", mode="SCULPT").texture = texture

with open(path("project", "tex", "lamp.ies"), "w") as file:
    file.write("IESNA:LM-63-2002\nTILT=NONE\n1 1000 1 3 1 1 2 0 0 0\n1 1 100\n0 45 90\n0\n1000 400 20\n")
lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "POINT"))
lamp.location, lamp.data.energy, lamp.data.use_nodes = (0, 0, 1.5), 30, True
tree = lamp.data.node_tree
node = tree.nodes.new("ShaderNodeTexIES")
node.mode, node.filepath = "EXTERNAL", "//tex/lamp.ies"
tree.links.new(node.outputs[0], tree.nodes["Emission"].inputs["Strength"])
bpy.context.scene.collection.objects.link(lamp)

bpy.ops.mesh.primitive_grid_add(x_subdivisions=6, y_subdivisions=6, size=0.8, location=(0, -0.2, 1))
bpy.context.object.name = "cloth"
cache = bpy.context.object.modifiers.new("Cloth", "CLOTH").point_cache
cache.frame_end, cache.use_disk_cache = 3, True
bpy.ops.ptcache.bake_all(bake=True)

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
