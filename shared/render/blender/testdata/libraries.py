# Writes main.blend, which links libs/a.blend, which links libs/deep/b.blend, whose material
# uses libs/deep/tex.png. The folder to write to follows "--".
import os
import sys

import bpy

out = sys.argv[sys.argv.index("--") + 1]
os.makedirs(out + "/libs/deep", exist_ok=True)


def start():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0


def save(path):
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_mainfile()


start()
image = bpy.data.images.new("tex", 8, 8)
image.filepath_raw, image.file_format = out + "/libs/deep/tex.png", "PNG"
image.save()
bpy.data.images.remove(image)
material = bpy.data.materials.new("deep")
material.use_nodes = material.use_fake_user = True
texture = material.node_tree.nodes.new("ShaderNodeTexImage")
texture.image = bpy.data.images.load(out + "/libs/deep/tex.png")
material.node_tree.links.new(texture.outputs[0], material.node_tree.nodes["Principled BSDF"].inputs[0])
save(out + "/libs/deep/b.blend")

start()
with bpy.data.libraries.load(out + "/libs/deep/b.blend", link=True) as (_, to):
    to.materials = ["deep"]
bpy.ops.mesh.primitive_cube_add()
thing = bpy.context.object
thing.data.materials.append(bpy.data.materials["deep"])
things = bpy.data.collections.new("Things")
things.use_fake_user = True
things.objects.link(thing)
save(out + "/libs/a.blend")

start()
with bpy.data.libraries.load(out + "/libs/a.blend", link=True) as (_, to):
    to.collections = ["Things"]
scene = bpy.context.scene
instance = bpy.data.objects.new("instance", None)
instance.instance_type, instance.instance_collection = "COLLECTION", bpy.data.collections["Things"]
scene.collection.objects.link(instance)
scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
scene.camera.location = (0, 0, 6)
scene.collection.objects.link(scene.camera)
scene.render.engine = "CYCLES"
save(out + "/main.blend")
