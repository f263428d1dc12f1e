# Makes the scene of the bench score: the same bytes that matter for every version of
# Blender, from numbers alone. Run in Blender:
#   blender -b --factory-startup -P scene.py -- FILE
import math
import sys

import bpy

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.world = bpy.data.worlds.new("sky")
scene.world.use_nodes = True
scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.5, 0.65, 0.9, 1)


def material(name, colour, roughness, metallic):
    m = bpy.data.materials.new(name)
    m.use_nodes = True
    b = m.node_tree.nodes["Principled BSDF"]
    b.inputs["Base Color"].default_value = (*colour, 1)
    b.inputs["Roughness"].default_value = roughness
    b.inputs["Metallic"].default_value = metallic
    return m


def ball(name, centre, radius, look):
    rings, parts = 24, 48
    points = [(0, 0, 1)]
    for r in range(1, rings):
        a = math.pi * r / rings
        points += [(math.sin(a) * math.cos(2 * math.pi * p / parts), math.sin(a) * math.sin(2 * math.pi * p / parts), math.cos(a)) for p in range(parts)]
    points.append((0, 0, -1))
    faces = [(0, 1 + p, 1 + (p + 1) % parts) for p in range(parts)]
    for r in range(rings - 2):
        a, b = 1 + r * parts, 1 + (r + 1) * parts
        faces += [(a + p, b + p, b + (p + 1) % parts, a + (p + 1) % parts) for p in range(parts)]
    last = len(points) - 1
    faces += [(last, last - parts + (p + 1) % parts, last - parts + p) for p in range(parts)]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(centre[0] + radius * x, centre[1] + radius * y, centre[2] + radius * z) for x, y, z in points], [], faces)
    mesh.materials.append(look)
    scene.collection.objects.link(bpy.data.objects.new(name, mesh))


floor = bpy.data.meshes.new("floor")
floor.from_pydata([(-20, -20, 0), (20, -20, 0), (20, 20, 0), (-20, 20, 0)], [], [(0, 1, 2, 3)])
floor.materials.append(material("floor", (0.55, 0.5, 0.45), 0.8, 0))
scene.collection.objects.link(bpy.data.objects.new("floor", floor))
for i in range(9):
    ball("ball%d" % i, ((i % 3 - 1) * 2.2, (i // 3) * 2.2, 0.9), 0.9, material("look%d" % i, (0.4 + 0.06 * i, 0.7 - 0.03 * i, 0.6), 0.1 * (i % 4), i % 2))
light = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
light.data.energy = 3
light.rotation_euler = (0.7, 0.2, 0.4)
scene.collection.objects.link(light)
camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
camera.location, camera.rotation_euler = (0, -8, 4.5), (1.15, 0, 0)
scene.collection.objects.link(camera)
scene.camera = camera
scene.frame_end = 2
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[sys.argv.index("--") + 1], compress=False)
