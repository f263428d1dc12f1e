# Writes one of the attack suite's scenes. After "--": folder, scene, variation.
# Variations are what a cheat changes: bounces, adaptive, texture, camera; "" is the honest scene, and
# "pan" the same under a camera that moves slowly, by about a pixel of 160 a frame.
import math
import os
import sys

import bpy

out, which, variation = sys.argv[sys.argv.index("--") + 1:][:3]
bpy.ops.wm.read_factory_settings(use_empty=True)
s = bpy.context.scene
os.makedirs(os.path.join(out, "textures"), exist_ok=True)
s.render.engine = "CYCLES"
s.cycles.samples, s.cycles.use_denoising = 32, False
s.cycles.use_adaptive_sampling, s.cycles.adaptive_threshold = True, 0.01
s.cycles.adaptive_min_samples = 8
s.cycles.max_bounces = 8
s.frame_start, s.frame_end = 1, 24
# The same for the engines that need OpenGL: effects that look across the whole image.
e = s.eevee
e.use_bloom = e.use_gtao = e.use_ssr = e.use_soft_shadows = e.use_volumetric_shadows = variation != "bounces"
e.shadow_cube_size = "64" if variation == "adaptive" else "512"
e.volumetric_tile_size, e.volumetric_samples = ("16", 16) if variation == "adaptive" else ("8", 32)
d = s.display.shading
d.show_shadows = d.show_cavity = variation != "bounces"
d.show_object_outline = variation != "adaptive"
d.color_type = "TEXTURE"


def texture():
    path = os.path.join(out, "textures", "pattern.png")
    img = bpy.data.images.new("pattern", 64, 64)
    px = []
    for y in range(64):
        for x in range(64):
            a = ((x // 8) + (y // 8)) % 2
            px += [0.7 * a + 0.15, 0.25 + 0.5 * (x / 64), 0.2 + 0.6 * (y / 64), 1.0]
            if variation == "texture":
                px[-4:] = [0.5, 0.5, 0.5, 1.0]  # a stand-in for a file that wasn't there
    img.pixels = px
    img.filepath_raw, img.file_format = path, "PNG"
    img.save()
    bpy.data.images.remove(img)
    return bpy.data.images.load(path)


def material(name, image=None, colour=(0.6, 0.6, 0.6, 1), rough=0.5, metal=0.0):
    m = bpy.data.materials.new(name)
    m.use_nodes = True
    p = m.node_tree.nodes["Principled BSDF"]
    p.inputs["Base Color"].default_value = colour
    p.inputs["Roughness"].default_value, p.inputs["Metallic"].default_value = rough, metal
    if image is not None:
        t = m.node_tree.nodes.new("ShaderNodeTexImage")
        t.image = image
        m.node_tree.links.new(t.outputs[0], p.inputs["Base Color"])
    return m


def emission(name, colour, strength=1.0):
    m = bpy.data.materials.new(name)
    m.use_nodes = True
    nodes = m.node_tree.nodes
    nodes.clear()
    e, o = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    e.inputs[0].default_value, e.inputs[1].default_value = colour, strength
    m.node_tree.links.new(e.outputs[0], o.inputs[0])
    return m


def world(colour, strength=1.0):
    w = bpy.data.worlds.new("w")
    s.world = w
    w.use_nodes = True
    w.node_tree.nodes["Background"].inputs[0].default_value = colour
    w.node_tree.nodes["Background"].inputs[1].default_value = strength


def add(call, m, **k):
    call(**k)
    o = bpy.context.object
    if m is not None:
        o.data.materials.append(m)
    return o


def light(energy, size, at, turn):
    bpy.ops.object.light_add(type="AREA", location=at, rotation=turn)
    bpy.context.object.data.energy, bpy.context.object.data.size = energy, size


def camera(at, turn):
    if variation == "camera":
        at = (at[0] + 0.15, at[1], at[2])
    bpy.ops.object.camera_add(location=at, rotation=[math.radians(a) for a in turn])
    s.camera = bpy.context.object
    if variation == "pan":
        s.camera.location[0] += 0.03 * (s.frame_start - 60)
        s.camera.keyframe_insert("location", frame=1)
        s.camera.location[0] += 0.03 * 124
        s.camera.keyframe_insert("location", frame=125)
        for curve in s.camera.animation_data.action.fcurves:
            for key in curve.keyframe_points:
                key.interpolation = "LINEAR"


def moves(o, path, first, last):
    setattr(o, path, first)
    o.keyframe_insert(path, frame=1)
    setattr(o, path, last)
    o.keyframe_insert(path, frame=24)


mesh = bpy.ops.mesh
if which in ("smooth", "passes", "stereo", "layers", "rough"):
    img = texture()
    add(mesh.primitive_plane_add, material("floor", img), size=14)
    head = add(mesh.primitive_monkey_add, material("head", None, (0.8, 0.4, 0.2, 1), 0.3), location=(0, 0, 1.1))
    head.modifiers.new("s", "SUBSURF").render_levels = 2
    bpy.ops.object.shade_smooth()
    moves(head, "rotation_euler", (0, 0, 0), (0, 0, 2))
    ball = add(mesh.primitive_uv_sphere_add, material("ball", None, (0.9, 0.9, 0.9, 1), 0.1, 1.0), radius=0.7, location=(1.8, 0.6, 0.7))
    bpy.ops.object.shade_smooth()
    light(300, 2, (3, -3, 5), (0.6, 0.5, 0))
    world((0.2, 0.3, 0.5, 1))
    camera((4.5, -4.5, 3.2), (66, 0, 45))
    layer = s.view_layers[0]
    if which == "stereo":
        s.render.use_multiview = True
    if which == "rough":
        # Displaced faces by the ten thousand: whose normals are summed in the threads' order.
        noise = bpy.data.textures.new("noise", "CLOUDS")
        noise.noise_scale = 0.25
        for o, levels, rough in ((head, 2, 0.15), (ball, 3, 0.0)):
            o.modifiers.new("fine", "SUBSURF").render_levels = levels
            d = o.modifiers.new("bumps", "DISPLACE")
            d.texture, d.strength = noise, 0.15
            o.data.materials[0].node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value = rough
        ball.data.materials[0].node_tree.nodes["Principled BSDF"].inputs["Transmission"].default_value = 1
        ball.data.materials[0].node_tree.nodes["Principled BSDF"].inputs["Metallic"].default_value = 0
        layer.use_pass_mist = layer.use_pass_object_index = layer.use_pass_uv = layer.use_pass_position = True
        layer.use_pass_glossy_indirect = layer.use_pass_transmission_indirect = layer.use_pass_shadow = layer.use_pass_diffuse_color = True
    if which in ("passes", "layers", "rough"):
        layer.use_pass_z = layer.use_pass_normal = layer.use_pass_diffuse_indirect = layer.use_pass_glossy_direct = True
        layer.use_pass_ambient_occlusion = layer.use_pass_cryptomatte_object = layer.use_pass_vector = True
    if which == "passes":
        s.use_nodes = True
        tree = s.node_tree
        layers, link = tree.nodes["Render Layers"], tree.links.new
        shade = tree.nodes.new("CompositorNodeMixRGB")
        shade.blend_type = "MULTIPLY"
        link(layers.outputs["Image"], shade.inputs[1])
        link(layers.outputs["AO"], shade.inputs[2])
        link(shade.outputs[0], tree.nodes["Composite"].inputs["Image"])
        png, many = tree.nodes.new("CompositorNodeOutputFile"), tree.nodes.new("CompositorNodeOutputFile")
        png.format.file_format = "PNG"
        many.format.file_format, many.format.exr_codec, many.base_path = "OPEN_EXR_MULTILAYER", "ZIP", "//many"
        png.file_slots.clear()
        many.layer_slots.clear()
        for node, slots, names in ((png, png.file_slots, ("DiffInd", "Normal")),
                                   (many, many.layer_slots, ("Image", "Depth", "Normal", "DiffInd", "GlossDir", "CryptoObject00", "Vector"))):
            for name in names:
                slots.new(name)
                link(layers.outputs[name], node.inputs[-1])
elif which == "fog":
    add(mesh.primitive_plane_add, material("floor"), size=14)
    ball = add(mesh.primitive_uv_sphere_add, material("skin", None, (0.5, 0.3, 0.2, 1)), radius=0.8, location=(0, 0, 0.9))
    bpy.ops.object.particle_system_add()
    p = ball.particle_systems[0].settings
    p.type, p.count, p.hair_length, p.hair_step = "HAIR", 400, 0.5, 3
    moves(ball, "location", (-0.8, 0, 0.9), (0.8, 0, 0.9))
    m = bpy.data.materials.new("fog")
    m.use_nodes = True
    nodes = m.node_tree.nodes
    nodes.clear()
    v, o = nodes.new("ShaderNodeVolumeScatter"), nodes.new("ShaderNodeOutputMaterial")
    v.inputs["Density"].default_value = 0.12
    m.node_tree.links.new(v.outputs[0], o.inputs["Volume"])
    add(mesh.primitive_cube_add, m, size=6, location=(0, 0, 2.9))
    light(500, 1, (2, -2, 5), (0.5, 0.4, 0))
    world((0.1, 0.12, 0.15, 1))
    camera((0, -6.5, 2.2), (78, 0, 0))
elif which == "flat":
    for i, c in enumerate([(0.9, 0.2, 0.1, 1), (0.1, 0.6, 0.9, 1), (0.95, 0.8, 0.1, 1), (0.2, 0.2, 0.25, 1)]):
        o = add(mesh.primitive_plane_add, emission("e%d" % i, c), size=1.1, location=(-2.4 + 1.6 * i, 0.5, 0.02 * i))
        moves(o, "rotation_euler", (0, 0, 0.2 * i), (0, 0, 0.2 * i + 1.5))
    bpy.ops.object.text_add(location=(-2.6, -1.3, 0.1))
    t = bpy.context.object
    t.data.body, t.data.size = "heliostat", 1.2
    t.data.materials.append(emission("text", (1, 1, 1, 1)))
    moves(t, "location", (-2.8, -1.3, 0.1), (-2.2, -1.3, 0.1))
    # Little noise: a sheet of paper under a soft light.
    add(mesh.primitive_plane_add, material("paper", None, (0.8, 0.8, 0.75, 1), 1.0), size=9, location=(0, 0, -0.3))
    light(200, 4, (0, 0, 4), (0, 0, 0))
    world((0.05, 0.05, 0.06, 1))
    camera((0, 0, 7), (0, 0, 0))
elif which == "comp":
    img = texture()
    add(mesh.primitive_plane_add, material("floor", img), size=12)
    box = add(mesh.primitive_cube_add, material("box", img, rough=0.2), size=1.4, location=(0, 0, 0.8))
    moves(box, "rotation_euler", (0, 0, 0), (0, 0, 1.6))
    add(mesh.primitive_torus_add, material("ring", None, (0.9, 0.7, 0.2, 1), 0.2, 1.0), location=(1.6, -1, 0.4), major_radius=0.6, minor_radius=0.2)
    bpy.ops.object.shade_smooth()
    light(400, 1.5, (3, -3, 5), (0.6, 0.5, 0))
    world((0.4, 0.5, 0.7, 1))
    camera((4.2, -4.2, 3), (66, 0, 45))
    s.view_settings.view_transform, s.view_settings.look = "Filmic", "High Contrast"
    s.view_settings.exposure = 0.3
    s.use_nodes = True
    tree = s.node_tree
    layers, composite = tree.nodes["Render Layers"], tree.nodes["Composite"]
    glow, grade = tree.nodes.new("CompositorNodeBlur"), tree.nodes.new("CompositorNodeColorBalance")
    mix = tree.nodes.new("CompositorNodeMixRGB")
    glow.size_x = glow.size_y = 4
    mix.blend_type, mix.inputs[0].default_value = "SCREEN", 0.2
    grade.gain = (1.1, 1.0, 0.9)
    link = tree.links.new
    link(layers.outputs["Image"], glow.inputs["Image"])
    link(layers.outputs["Image"], mix.inputs[1])
    link(glow.outputs[0], mix.inputs[2])
    link(mix.outputs[0], grade.inputs["Image"])
    link(grade.outputs[0], composite.inputs["Image"])
else:
    raise SystemExit("no scene %r" % which)

if variation == "bounces":
    s.cycles.max_bounces = s.cycles.diffuse_bounces = s.cycles.glossy_bounces = s.cycles.volume_bounces = 0
elif variation == "adaptive":
    s.cycles.adaptive_threshold = 0.5
bpy.context.preferences.filepaths.save_version = 0
bpy.ops.wm.save_as_mainfile(filepath=os.path.join(out, "scene.blend"), compress=False, relative_remap=True)
bpy.ops.file.make_paths_relative()
bpy.ops.wm.save_mainfile()
