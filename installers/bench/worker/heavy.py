# Makes a heavy static scene: much geometry that stands still, a camera that moves. Run in Blender:
#   blender -b --factory-startup -P heavy.py -- FILE
import math
import sys

import bpy

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 2
scene.cycles.use_denoising = False
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 320, 180, 100
scene.render.use_persistent_data = False
scene.world = bpy.data.worlds.new("sky")
scene.world.use_nodes = True
scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.6, 0.7, 0.9, 1)

side = 700  # half a million points each, and as many faces
for tile in range(2):
    points = [((x / side - 0.5) * 10 + 10 * tile - 5, (y / side - 0.5) * 10, 0.4 * math.sin(x * 0.11) * math.cos(y * 0.07) + 0.05 * math.sin(x * y))
              for y in range(side) for x in range(side)]
    faces = [(y * side + x, y * side + x + 1, (y + 1) * side + x + 1, (y + 1) * side + x) for y in range(side - 1) for x in range(side - 1)]
    mesh = bpy.data.meshes.new("land%d" % tile)
    mesh.from_pydata(points, [], faces)
    scene.collection.objects.link(bpy.data.objects.new("land%d" % tile, mesh))
light = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
light.rotation_euler = (0.8, 0.1, 0.3)
scene.collection.objects.link(light)
camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
scene.collection.objects.link(camera)
scene.camera = camera
for frame, x in ((1, -4), (24, 4)):
    camera.location, camera.rotation_euler = (x, -9, 6), (1.0, 0, 0)
    camera.keyframe_insert("location", frame=frame)
    camera.keyframe_insert("rotation_euler", frame=frame)
scene.frame_end = 24
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[sys.argv.index("--") + 1], compress=False)
