# Makes scenes whose frames cost differently over the shot. Run in Blender:
#   blender -b --factory-startup -P scenes.py -- FOLDER
# steady.blend costs about the same throughout, closer.blend ever more, burst.blend suddenly much in its third quarter.
# fog.blend is a volume that thickens, strands.blend hair, lamps.blend many lights on smooth metal, and paper.blend
# flat shapes that glow, which cost next to nothing: a guess knows nothing of the kind.
import os
import random
import sys

import bpy

FRAMES = 24


def keyed(thing, path, keys, flat=False):
    for frame, value in keys:
        setattr(thing, path, value)
        thing.keyframe_insert(path, frame=frame)
    for curve in thing.animation_data.action.fcurves:
        for point in curve.keyframe_points:
            point.interpolation = "CONSTANT" if flat else "LINEAR"


def shader(name, kind, **inputs):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    tree = made.node_tree
    tree.nodes.clear()
    node, out = tree.nodes.new(kind), tree.nodes.new("ShaderNodeOutputMaterial")
    for key, value in inputs.items():
        node.inputs[key].default_value = value
    tree.links.new(node.outputs[0], out.inputs["Surface"])
    return made


def cluster(rng, count, spread, at):
    """Glass and metal balls, whose light bounces for long: one object."""
    glass = shader("glass", "ShaderNodeBsdfGlass", Roughness=0.1, Color=(0.9, 0.95, 1, 1))
    metal = shader("metal", "ShaderNodeBsdfGlossy", Roughness=0.2, Color=(1, 0.8, 0.5, 1))
    parts = []
    for n in range(count):
        place = [rng.uniform(-spread, spread) for _ in range(3)]
        bpy.ops.mesh.primitive_uv_sphere_add(segments=32, ring_count=16, radius=rng.uniform(0.3, 0.6), location=[p + a for p, a in zip(place, at)])
        ball = bpy.context.object
        ball.data.materials.append(glass if n % 3 else metal)
        parts.append(ball)
    bpy.ops.object.select_all(action="DESELECT")
    for part in parts:
        part.select_set(True)
    bpy.context.view_layer.objects.active = parts[0]
    bpy.ops.object.join()
    return bpy.context.object


def base(name, eye):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.name = name
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.seed = 64, 1
    scene.cycles.use_denoising = scene.cycles.use_adaptive_sampling = False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 240, 135, 100
    scene.render.dither_intensity = 0
    scene.frame_end = FRAMES
    scene.world = bpy.data.worlds.new("sky")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.5, 0.6, 0.8, 1)
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.rotation_euler = 3, (0.8, 0.1, 0.3)
    scene.collection.objects.link(sun)
    bpy.ops.mesh.primitive_plane_add(size=60, location=(0, 0, -2))
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location, camera.rotation_euler = eye, (1.5, 0, 0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    return scene, camera


def steady(rng):
    _, camera = base("steady", (0, -7, 1))
    cluster(rng, 30, 2, (0, 0, 0))
    keyed(camera, "location", [(1, (-0.5, -7, 1)), (FRAMES, (0.5, -7, 1))])


def closer(rng):
    _, camera = base("closer", (0, -40, 1))
    cluster(rng, 30, 2, (0, 0, 0))
    keyed(camera, "location", [(1, (0, -40, 1)), (FRAMES, (0, -4, 0.5))])


def burst(rng):
    base("burst", (0, -7, 1))
    far = cluster(rng, 10, 2, (0, 20, 2))
    far.name = "far"
    near = cluster(rng, 30, 2, (0, 0, 0))
    keyed(near, "hide_render", [(1, True), (FRAMES // 2 + 1, False), (FRAMES * 3 // 4 + 1, True)], flat=True)


def lamp(rng, size=8):
    made = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "POINT"))
    made.data.energy, made.location = rng.uniform(50, 200), (rng.uniform(-size, size), rng.uniform(-size, size), rng.uniform(1, 6))
    bpy.context.scene.collection.objects.link(made)


def fog(rng):
    base("fog", (0, -7, 1))
    cluster(rng, 10, 2, (0, 0, 0))
    mist = shader("mist", "ShaderNodeVolumeScatter")
    tree = mist.node_tree
    density, out = tree.nodes[0].inputs["Density"], tree.nodes[1]
    tree.links.remove(out.inputs["Surface"].links[0])
    tree.links.new(tree.nodes[0].outputs[0], out.inputs["Volume"])
    for frame, value in ((1, 0.02), (FRAMES, 0.2)):
        density.default_value = value
        density.keyframe_insert("default_value", frame=frame)
    bpy.ops.mesh.primitive_cube_add(size=14)
    bpy.context.object.data.materials.append(mist)


def strands(rng):
    _, camera = base("strands", (0, -6, 1))
    for n in range(3):
        bpy.ops.mesh.primitive_uv_sphere_add(radius=0.8, location=(2 * n - 2, 0, 0))
        bpy.ops.object.particle_system_add()
        hair = bpy.context.object.particle_systems[0].settings
        hair.type, hair.count, hair.hair_length, hair.child_type = "HAIR", 300, 0.6, "INTERPOLATED"
        hair.rendered_child_count = 20
        bpy.context.object.particle_systems[0].seed = rng.randrange(1000)
    keyed(camera, "location", [(1, (-1, -6, 1)), (FRAMES, (1, -4, 1))])


def lamps(rng):
    _, camera = base("lamps", (0, -9, 2))
    for n in range(20):
        bpy.ops.mesh.primitive_monkey_add(size=rng.uniform(0.6, 1.4), location=[rng.uniform(-4, 4), rng.uniform(-3, 4), rng.uniform(-1.5, 2)])
        bpy.context.object.modifiers.new("fine", "SUBSURF").render_levels = 2
        bpy.ops.object.shade_smooth()
        bpy.context.object.data.materials.append(shader("look", "ShaderNodeBsdfPrincipled", Metallic=n % 2, Roughness=rng.uniform(0, 0.6), Clearcoat=1.0))
    for _ in range(40):
        lamp(rng)
    keyed(camera, "location", [(1, (-1, -9, 2)), (FRAMES, (1, -9, 2))])


def paper(rng):
    scene, camera = base("paper", (0, -7, 1))
    for data in (*bpy.data.lights, bpy.data.meshes["Plane"]):
        bpy.data.batch_remove([data])
    for n in range(12):
        bpy.ops.mesh.primitive_plane_add(size=1.5, location=(n % 4 * 2 - 3, 0, n // 4 * 2 - 1), rotation=(1.5, 0, 0))
        bpy.context.object.data.materials.append(shader("ink", "ShaderNodeEmission", Color=(rng.random(), rng.random(), rng.random(), 1)))
    keyed(camera, "location", [(1, (-1, -7, 1)), (FRAMES, (1, -7, 1))])


folder = sys.argv[sys.argv.index("--") + 1]
os.makedirs(folder, exist_ok=True)
for make in (steady, closer, burst, fog, strands, lamps, paper):
    make(random.Random(20261122))
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, make.__name__ + ".blend"), compress=False)
