# Writes the small test scene: a textured floor, a smooth-shaded moving sphere, an area
# light and a coloured sky; Cycles, 16 samples, 160 by 96 pixels, frames 1 to 12.
# The folder to write to follows "--"; a second argument names a variation.
import math
import os
import sys

import bpy

out, variation = (sys.argv[sys.argv.index("--")+1:] + [""])[:2]
bpy.ops.wm.read_factory_settings(use_empty=True)
s = bpy.context.scene
os.makedirs(os.path.join(out,"textures"), exist_ok=True)
img = bpy.data.images.new("checker", 64, 64)
px=[]
for y in range(64):
    for x in range(64):
        a = ((x//8)+(y//8))%2
        px += [0.8*a+0.1, 0.3+0.5*(x/64), 0.2+0.6*(y/64), 1.0]
img.pixels = px
img.filepath_raw = os.path.join(out,"textures","checker.png"); img.file_format='PNG'; img.save()
bpy.data.images.remove(img)
img = bpy.data.images.load(os.path.join(out,"textures","checker.png"))
mat = bpy.data.materials.new("m"); mat.use_nodes=True
nt=mat.node_tree; tex=nt.nodes.new("ShaderNodeTexImage"); tex.image=img
nt.links.new(tex.outputs[0], nt.nodes["Principled BSDF"].inputs["Base Color"])
bpy.ops.mesh.primitive_plane_add(size=20); bpy.context.object.data.materials.append(mat)
bpy.ops.mesh.primitive_uv_sphere_add(radius=1.2, location=(0,0,1.2)); o=bpy.context.object
bpy.ops.object.shade_smooth(); o.data.materials.append(mat)
o.keyframe_insert("location", frame=1); o.location.x=2; o.keyframe_insert("location", frame=12)
bpy.ops.object.light_add(type='AREA', location=(3,-3,5)); l=bpy.context.object; l.data.energy=400; l.data.size=3
l.rotation_euler=(0.6,0.5,0)
bpy.ops.object.camera_add(location=(6,-6,4)); c=bpy.context.object
c.rotation_euler=(math.radians(65),0,math.radians(45)); s.camera=c
w=bpy.data.worlds.new("w"); s.world=w; w.use_nodes=True; w.node_tree.nodes["Background"].inputs[0].default_value=(0.2,0.3,0.5,1)
s.render.engine='CYCLES'; s.cycles.samples=16; s.cycles.use_denoising=False
s.render.resolution_x=160; s.render.resolution_y=96; s.frame_start=1; s.frame_end=12
if variation == "driver":
    c = o.driver_add("scale", 0)
    c.driver.expression = "[x for x in (2,)][0]"
elif variation == "restless":
    s.cycles.use_adaptive_sampling, s.cycles.adaptive_threshold = True, 0.0005
elif variation == "denoise":
    s.cycles.use_denoising = True
elif variation in ("compositor", "stereo compositor"):
    s.render.use_multiview = variation != "compositor"
    s.render.views["right"].file_suffix = "/../_R"
    s.use_nodes = True
    tree = s.node_tree
    blur = tree.nodes.new("CompositorNodeBlur")
    blur.size_x = blur.size_y = 3
    layers, composite = tree.nodes["Render Layers"], tree.nodes["Composite"]
    tree.links.new(layers.outputs[0], blur.inputs[0])
    tree.links.new(blur.outputs[0], composite.inputs[0])
    escape = tree.nodes.new("CompositorNodeOutputFile")
    escape.base_path = os.path.join(out, "escaped")
    tree.links.new(layers.outputs[0], escape.inputs[0])
elif variation == "nocamera":
    s.camera = None
elif variation in ("stereo", "outputs"):
    # One file with both eyes, and an eye whose suffix would lead elsewhere.
    s.render.use_multiview = variation == "stereo"
    s.render.image_settings.views_format = 'STEREO_3D'
    s.render.views["right"].file_suffix = "/../_R"
    s.view_layers[0].use_pass_z = True
    s.use_nodes = True
    tree = s.node_tree
    layers = tree.nodes["Render Layers"]
    several = tree.nodes.new("CompositorNodeOutputFile")
    several.base_path = "/tmp/heliostat-escaped"
    several.file_slots.clear()
    for name, socket in (("../../depth_####", "Depth"), ("beauty", "Image")):
        several.file_slots.new(name)
        tree.links.new(layers.outputs[socket], several.inputs[len(several.inputs)-1])
    one = tree.nodes.new("CompositorNodeOutputFile")
    one.format.file_format, one.base_path = 'OPEN_EXR_MULTILAYER', "//all/beauty"
    tree.links.new(layers.outputs["Image"], one.inputs[0])
    muted = tree.nodes.new("CompositorNodeOutputFile")
    muted.mute = True
    tree.links.new(layers.outputs["Image"], muted.inputs[0])
elif variation == "layers":
    s.view_layers.new("Second").material_override = bpy.data.materials.new("grey")
    bpy.ops.object.camera_add(location=(-6,-6,9)); c=bpy.context.object; c.name = "Above"
    c.rotation_euler=(math.radians(45),0,math.radians(-45))
bpy.ops.wm.save_as_mainfile(filepath=os.path.join(out,"scene.blend"), compress=False, relative_remap=True)
bpy.ops.file.make_paths_relative()
bpy.context.preferences.filepaths.save_version = 0
bpy.ops.wm.save_mainfile()
if variation == "missing":
    os.remove(os.path.join(out, "textures", "checker.png"))
