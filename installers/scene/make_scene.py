"""Builds the demo scene: a field of heliostats that follows the rising sun.

    blender -b --factory-startup --python make_scene.py -- DIR

writes into DIR
    field.blend                 the scene: 16 frames, Cycles, 480 x 270, 32 samples
    library/heliostat.blend     linked library: the mirror, its post, and the tower
    textures/*.png              external textures, used by the scene and by the library

Everything comes from fixed seeds, so two runs give the same pixels. The scene keeps to
what a network can verify bit by bit: no volumes, no denoiser, no simulation, no scripts.
"""

import math
import os
import random
import struct
import sys
import zlib

import bpy
from mathutils import Vector

FRAMES = 16
FIELD_RADIUS = 62.0  # metres, outermost ring of mirrors
TOWER_HEIGHT = 34.0  # metres, centre of the receiver
MIRROR_HEIGHT = 2.6  # metres, axis of a mirror


# Textures ---------------------------------------------------------------------------

def write_png(path, rows):
    """Writes an 8-bit RGB picture; rows are byte strings of width x 3, the top one first."""
    def block(kind, body):
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    plain_rows = b"".join(b"\0" + row for row in rows)  # PNG filter "None"
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + block(b"IHDR", head)
                  + block(b"IDAT", zlib.compress(plain_rows, 6)) + block(b"IEND", b""))


def fractal(size, cells, octaves, rng, gain=0.5):
    """Octaves of periodic value noise as rows of floats in 0..1, size x size.

    Plain Python, because Blender's own may come without numpy.
    """
    total = [[0.0] * size for _ in range(size)]
    weight = 1.0
    for octave in range(octaves):
        count = cells << octave
        if count * 2 > size:
            break
        lattice = [[rng.random() for _ in range(count)] for _ in range(count)]
        spots = []
        for at in range(size):
            place = at * count / size
            low = int(place)
            part = place - low
            spots.append((low, (low + 1) % count, part * part * (3 - 2 * part)))
        lines = [[line[low] + (line[high] - line[low]) * part for low, high, part in spots] for line in lattice]
        for row, (low, high, part) in enumerate(spots):
            near, far = weight * (1 - part), weight * part
            total[row] = [old + near * a + far * b for old, a, b in zip(total[row], lines[low], lines[high])]
        weight *= gain
    least = min(map(min, total))
    most = max(map(max, total)) - least
    return [[(value - least) / most for value in row] for row in total]


def ramp(rows, stops):
    """RGB byte rows from rows of floats, by way of [(position, (r, g, b))]."""
    table = []
    for entry in range(1024):
        at = entry / 1023
        for (low, first), (high, second) in zip(stops, stops[1:]):
            if at <= high:
                part = (at - low) / (high - low)
                table.append(bytes(round(a + (b - a) * part) for a, b in zip(first, second)))
                break
    return [b"".join([table[min(1023, max(0, int(value * 1023)))] for value in row]) for row in rows]


def make_textures(folder):
    rng = random.Random(20261122)

    def save(name, rows, stops):
        write_png(os.path.join(folder, name), ramp(rows, stops))

    size = 1024
    broad = fractal(size, 4, 6, rng)
    bend = fractal(size, 3, 4, rng)
    colour, height = [], []
    for row in range(size):
        ripples = [0.5 + 0.5 * math.sin(2 * math.pi * (row * 30 / size + 2.4 * value)) for value in bend[row]]
        grains = [rng.random() for _ in range(size)]
        colour.append([0.6 * b + 0.14 * r + 0.26 * g * (0.4 + 0.6 * b) for b, r, g in zip(broad[row], ripples, grains)])
        height.append([0.5 * r + 0.3 * b + 0.2 * g for b, r, g in zip(broad[row], ripples, grains)])
    save("desert.png", colour, [(0, (92, 58, 38)), (0.35, (150, 98, 62)), (0.6, (193, 142, 94)), (1, (232, 196, 146))])
    save("desert_height.png", height, [(0, (0, 0, 0)), (1, (255, 255, 255))])

    rock = fractal(size, 6, 6, rng, 0.6)
    strata = [[0.7 * value + 0.15 + 0.15 * math.sin(2 * math.pi * (row * 14 / size + 1.2 * value)) for value in line]
              for row, line in enumerate(rock)]
    save("rock.png", strata, [(0, (62, 40, 40)), (0.5, (124, 84, 72)), (1, (186, 140, 116))])

    size = 512
    stone = fractal(size, 8, 5, rng, 0.65)
    concrete = [[(0.75 * value + 0.25 * rng.random()) * (0.55 if row % 64 < 2 else 1) for value in line]
                for row, line in enumerate(stone)]
    save("concrete.png", concrete, [(0, (88, 84, 80)), (0.5, (176, 170, 160)), (1, (226, 220, 208))])

    dust = fractal(size, 5, 6, rng, 0.6)
    facet = size // 4

    def seam(at):
        return min(at % facet, facet - at % facet) <= 3
    glass = [[0.12 if seam(row) or seam(column) else 0.82 + 0.18 * (1 - value) for column, value in enumerate(line)]
             for row, line in enumerate(dust)]
    save("mirror.png", glass, [(0, (18, 20, 26)), (0.2, (40, 44, 52)), (1, (244, 248, 252))])


# Materials --------------------------------------------------------------------------

def material(name, texture=None, repeat=None, rough=0.7, metal=0.0, height=None, strength=0.4):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    tree = made.node_tree
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = rough
    shader.inputs["Metallic"].default_value = metal
    shader.inputs["Specular"].default_value = 0.3

    def picture(path, colour):
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = bpy.data.images.load(path, check_existing=True)
        if not colour:
            node.image.colorspace_settings.name = "Non-Color"
        if repeat:
            where = tree.nodes.new("ShaderNodeTexCoord")
            scale = tree.nodes.new("ShaderNodeMapping")
            scale.inputs["Scale"].default_value = repeat
            tree.links.new(where.outputs["UV"], scale.inputs["Vector"])
            tree.links.new(scale.outputs["Vector"], node.inputs["Vector"])
        return node

    if texture:
        tree.links.new(picture(texture, True).outputs["Color"], shader.inputs["Base Color"])
    if height:
        bump = tree.nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value = strength
        bump.inputs["Distance"].default_value = 0.25
        tree.links.new(picture(height, False).outputs["Color"], bump.inputs["Height"])
        tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    return made


def plain(name, colour, rough=0.5, metal=0.0):
    made = material(name, rough=rough, metal=metal)
    made.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*colour, 1)
    return made


# Meshes -----------------------------------------------------------------------------

def mesh_object(name, verts, faces, paint, uvs=None, smooth=True):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(map(float, vert)) for vert in verts], [], faces)
    if uvs is not None:
        layer = mesh.uv_layers.new(name="UV")
        for loop in mesh.loops:
            layer.data[loop.index].uv = uvs[loop.vertex_index]
    for face in mesh.polygons:
        face.use_smooth = smooth
    mesh.materials.append(paint)
    mesh.validate()
    return bpy.data.objects.new(name, mesh)


def revolve(name, profile, paint, segments=48):
    """A body of revolution about z from (radius, height) points, bottom first."""
    verts, uvs, faces = [], [], []
    length = profile[-1][1] - profile[0][1] or 1.0
    for radius, height in profile:
        for step in range(segments + 1):
            angle = 2 * math.pi * step / segments
            verts.append((radius * math.cos(angle), radius * math.sin(angle), height))
            uvs.append((4.0 * step / segments, (height - profile[0][1]) / length * 6))
    row = segments + 1
    for ring in range(len(profile) - 1):
        for step in range(segments):
            at = ring * row + step
            faces.append((at, at + 1, at + row + 1, at + row))
    return mesh_object(name, verts, faces, paint, uvs)


def box(name, size, centre, paint):
    x, y, z = (extent / 2 for extent in size)
    corners = [(sx * x + centre[0], sy * y + centre[1], sz * z + centre[2])
               for sz in (-1, 1) for sy in (-1, 1) for sx in (-1, 1)]
    faces = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    return mesh_object(name, corners, faces, paint, smooth=False)


def grid(name, count, place, paint, repeat):
    """A sheet of count x count points; place(u, v in 0..1) gives each point."""
    verts, uvs, faces = [], [], []
    for row in range(count):
        for column in range(count):
            u, v = column / (count - 1), row / (count - 1)
            verts.append(place(u, v))
            uvs.append((u * repeat, v * repeat))
    for row in range(count - 1):
        for column in range(count - 1):
            at = row * count + column
            faces.append((at, at + 1, at + count + 1, at + count))
    return mesh_object(name, verts, faces, paint, uvs)


def collection(name, objects):
    made = bpy.data.collections.new(name)
    for thing in objects:
        made.objects.link(thing)
    return made


# The library ------------------------------------------------------------------------

def make_library(root):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    path = os.path.join(root, "library", "heliostat.blend")
    # Saved once before anything is loaded, so that paths become relative to it.
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)
    textures = os.path.join(root, "textures")
    steel = plain("Steel", (0.42, 0.43, 0.45), rough=0.35, metal=0.9)
    white = plain("White paint", (0.78, 0.79, 0.8), rough=0.45)
    glass = material("Mirror glass", os.path.join(textures, "mirror.png"), rough=0.035, metal=1.0)
    concrete = material("Concrete", os.path.join(textures, "concrete.png"), rough=0.85)

    # The mirror faces +z and is slightly dished, as focusing heliostats are.
    facing = grid("Facet", 17, lambda u, v: (4.4 * (u - 0.5), 3.6 * (v - 0.5), 0.05 * ((2 * u - 1) ** 2 + (2 * v - 1) ** 2) + 0.1), glass, 1)
    frame = [box("Rib %d" % at, (0.12, 3.4, 0.16), (offset, 0, -0.02), steel) for at, offset in enumerate((-1.5, -0.5, 0.5, 1.5))]
    frame.append(box("Torque tube", (4.5, 0.24, 0.24), (0, 0, -0.18), white))
    back = box("Back", (4.4, 3.6, 0.03), (0, 0, 0.06), white)
    mirror = collection("Mirror", [facing, back] + frame)

    post = revolve("Post", [(0.45, 0), (0.45, 0.15), (0.16, 0.2), (0.16, MIRROR_HEIGHT - 0.45), (0.3, MIRROR_HEIGHT - 0.4), (0.3, MIRROR_HEIGHT - 0.15), (0, MIRROR_HEIGHT - 0.1)], white, 16)
    base = collection("Base", [post])

    top = TOWER_HEIGHT
    shaft = revolve("Shaft", [(3.4, -1), (2.7, 4), (2.1, top * 0.45), (1.75, top - 5), (2.4, top - 4), (2.4, top - 2.7)], concrete)
    crown = revolve("Crown", [(2.4, top + 2.7), (2.5, top + 3.4), (1.5, top + 4.0), (1.2, top + 5.2), (0, top + 5.4)], concrete)
    rails = [revolve("Rail %d" % at, [(2.75, height), (2.75, height + 0.18), (2.35, height + 0.18)], white) for at, height in enumerate((top - 3.9, top + 3.1))]
    tower = collection("Tower", [shaft, crown] + rails)

    for kept in (mirror, base, tower):
        kept.use_fake_user = True
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)
    return path


# The scene --------------------------------------------------------------------------

def sun_at(step):
    """Direction towards the sun and its elevation in radians; step runs from 0 to 1."""
    elevation = math.radians(7 + 31 * step)
    azimuth = math.radians(-66 + 44 * step)  # from +y towards +x
    flat = math.cos(elevation)
    return Vector((flat * math.sin(azimuth), flat * math.cos(azimuth), math.sin(elevation))), elevation, azimuth


def instance(name, source, place):
    made = bpy.data.objects.new(name, None)
    made.instance_type = "COLLECTION"
    made.instance_collection = source
    made.location = place
    made.empty_display_size = 0.5
    bpy.context.scene.collection.objects.link(made)
    return made


def key_linear(owner):
    for curve in owner.animation_data.action.fcurves:
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"


def step_of(frame):
    return (frame - 1) / (FRAMES - 1)


def make_field(mirror, base, ground):
    """Rings of mirrors on the sunward side's opposite, all aimed at the receiver."""
    receiver = Vector((0, 0, TOWER_HEIGHT))
    rng = random.Random(7)
    ring, radius = 0, 17.0
    while radius <= FIELD_RADIUS:
        count = int(2 * math.pi * radius / 7.2)
        for at in range(count):
            angle = 2 * math.pi * (at + 0.5 * (ring % 2)) / count
            if abs(math.remainder(angle - math.pi * 1.5, 2 * math.pi)) < 0.10:
                continue  # the service road
            x, y = radius * math.cos(angle), radius * math.sin(angle)
            foot = Vector((x, y, ground(x, y)))
            instance("Base", base, foot)
            head = instance("Mirror", mirror, foot + Vector((0, 0, MIRROR_HEIGHT)))
            head.rotation_mode = "QUATERNION"
            wobble = [rng.gauss(0, 0.004) for _ in range(3)]
            last = None
            for frame in range(1, FRAMES + 1):
                sun, _, _ = sun_at(step_of(frame))
                aim = ((receiver - head.location).normalized() + sun).normalized()
                turn = (aim + Vector(wobble)).normalized().to_track_quat("Z", "Y")
                if last is not None:
                    turn.make_compatible(last)
                last = turn.copy()
                head.rotation_quaternion = turn
                head.keyframe_insert("rotation_quaternion", frame=frame)
            key_linear(head)
        ring += 1
        radius += 6.4 + 0.25 * ring


def make_sky(scene):
    world = bpy.data.worlds.new("Morning")
    scene.world = world
    world.use_nodes = True
    # Cycles' automatic importance map of a sky costs a second of each render call, of every small border too.
    world.cycles.sampling_method = "MANUAL"
    world.cycles.sample_map_resolution = 256
    tree = world.node_tree
    sky = tree.nodes.new("ShaderNodeTexSky")
    sky.sky_type = "NISHITA"
    sky.sun_disc = False  # the lamp below is the sun: far less noise for the same light
    sky.altitude = 600
    sky.air_density = 1.3
    sky.dust_density = 2.2
    sky.ozone_density = 1.6
    shade = tree.nodes["Background"]
    shade.inputs["Strength"].default_value = 0.17
    tree.links.new(sky.outputs["Color"], shade.inputs["Color"])

    lamp = bpy.data.lights.new("Sun", "SUN")
    lamp.angle = math.radians(0.6)
    body = bpy.data.objects.new("Sun", lamp)
    scene.collection.objects.link(body)
    body.rotation_mode = "QUATERNION"
    for frame in range(1, FRAMES + 1):
        step = step_of(frame)
        towards, elevation, azimuth = sun_at(step)
        sky.sun_elevation = elevation
        sky.sun_rotation = azimuth
        sky.keyframe_insert("sun_elevation", frame=frame)
        sky.keyframe_insert("sun_rotation", frame=frame)
        body.rotation_quaternion = towards.to_track_quat("Z", "Y")
        body.keyframe_insert("rotation_quaternion", frame=frame)
        lamp.energy = 2.6 + 1.4 * step
        lamp.color = (1.0, 0.66 + 0.26 * step, 0.40 + 0.44 * step)
        lamp.keyframe_insert("energy", frame=frame)
        lamp.keyframe_insert("color", frame=frame)
    for owner in (tree, body, lamp):
        key_linear(owner)


def make_receiver(scene):
    glow = bpy.data.materials.new("Receiver")
    glow.use_nodes = True
    # It shines for the eye; sampling it as a lamp would add noise to all else.
    glow.cycles.sample_as_light = False
    tree = glow.node_tree
    tree.nodes.remove(tree.nodes["Principled BSDF"])
    light = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(light.outputs["Emission"], tree.nodes["Material Output"].inputs["Surface"])
    for frame in range(1, FRAMES + 1):
        step = step_of(frame)
        light.inputs["Strength"].default_value = 1.5 + 4.5 * step
        light.inputs["Color"].default_value = (1.0, 0.46 + 0.26 * step, 0.14 + 0.30 * step, 1)
        light.inputs["Strength"].keyframe_insert("default_value", frame=frame)
        light.inputs["Color"].keyframe_insert("default_value", frame=frame)
    key_linear(tree)
    top = TOWER_HEIGHT
    scene.collection.objects.link(revolve("Receiver", [(2.2, top - 2.7), (2.25, top), (2.2, top + 2.7)], glow))


def make_camera(scene):
    lens = bpy.data.cameras.new("Camera")
    lens.lens = 25
    camera = bpy.data.objects.new("Camera", lens)
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.rotation_mode = "QUATERNION"
    for frame in range(1, FRAMES + 1):
        step = step_of(frame)
        angle = math.radians(-118 + 40 * step)
        reach = 76 - 3 * step
        camera.location = (reach * math.cos(angle), reach * math.sin(angle), 8.0 + 10.0 * step)
        look = Vector((0, 0, 16.0 - 0.5 * step)) - camera.location
        camera.rotation_quaternion = look.to_track_quat("-Z", "Y")
        camera.keyframe_insert("location", frame=frame)
        camera.keyframe_insert("rotation_quaternion", frame=frame)
    key_linear(camera)


def make_scene(root, library):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    path = os.path.join(root, "field.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)
    scene = bpy.context.scene
    scene.name = "Field"
    textures = os.path.join(root, "textures")

    with bpy.data.libraries.load(library, link=True, relative=True) as (_, wanted):
        wanted.collections = ["Mirror", "Base", "Tower"]
    parts = {part.name: part for part in wanted.collections}

    hills = fractal(512, 5, 6, random.Random(11))

    def ground(x, y):
        """Height of the desert, metres: flat in the field, dunes outside."""
        away = max(0.0, math.hypot(x, y) - FIELD_RADIUS - 14) / 90
        column, row = int(x * 1.1 + 256) % 512, int(y * 1.1 + 256) % 512
        return min(away, 1.0) ** 1.3 * 16 * (hills[row][column] - 0.25)

    desert = material("Desert", os.path.join(textures, "desert.png"), (1, 1, 1), 0.92, height=os.path.join(textures, "desert_height.png"))
    scene.collection.objects.link(grid("Desert", 221, lambda u, v: ((u - 0.5) * 640, (v - 0.5) * 640, ground((u - 0.5) * 640, (v - 0.5) * 640)), desert, 26))

    rock = material("Rock", os.path.join(textures, "rock.png"), (1, 1, 1), 0.95)
    ridge = fractal(512, 9, 5, random.Random(23), 0.55)

    def range_point(u, v):
        angle = 2 * math.pi * u
        reach = 255 + 150 * v
        rise = math.sin(math.pi * min(1, v * 1.1)) ** 0.8
        column, row = int(u * 511), int(v * 511)
        return (reach * math.cos(angle), reach * math.sin(angle), rise * (12 + 74 * ridge[row][column] ** 1.4) - 4)
    scene.collection.objects.link(grid("Mountains", 181, range_point, rock, 9))

    instance("Tower", parts["Tower"], (0, 0, 0))
    make_receiver(scene)
    make_field(parts["Mirror"], parts["Base"], ground)
    make_sky(scene)
    make_camera(scene)

    scene.frame_start, scene.frame_end, scene.frame_step = 1, FRAMES, 1
    scene.frame_set(1)
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = 480, 270, 100
    render.fps = 12
    render.filepath = "//render/frame_####"
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    render.image_settings.color_depth = "8"
    render.image_settings.compression = 15
    render.dither_intensity = 0
    scene.cycles.device = "CPU"
    scene.cycles.samples = 32
    scene.cycles.seed = 1
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 4
    # Light that bounced twice is approximated: half the time, a quarter of the noise.
    scene.cycles.use_fast_gi = True
    scene.cycles.fast_gi_method = "REPLACE"
    scene.cycles.ao_bounces_render = 1
    scene.world.light_settings.distance = 5
    scene.world.light_settings.ao_factor = 1.0
    scene.cycles.caustics_reflective = False
    scene.cycles.caustics_refractive = False
    scene.cycles.sample_clamp_indirect = 4
    scene.view_settings.view_transform = "Filmic"
    scene.view_settings.look = "Medium High Contrast"
    scene.view_settings.exposure = -0.1

    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)
    for leftover in (path + "1", library + "1"):
        if os.path.exists(leftover):
            os.remove(leftover)
    return path


def main():
    if "--" not in sys.argv or len(sys.argv) <= sys.argv.index("--") + 1:
        sys.exit("make_scene.py: name the folder: blender -b --factory-startup --python make_scene.py -- DIR")
    root = os.path.abspath(sys.argv[sys.argv.index("--") + 1])
    for folder in ("textures", "library"):
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    make_textures(os.path.join(root, "textures"))
    library = make_library(root)
    print("demo scene:", make_scene(root, library))


main()
