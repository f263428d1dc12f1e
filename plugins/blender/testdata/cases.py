# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects one scene after another in one Blender and compares what was found.

    blender -b --factory-startup --python-exit-code 3 --python cases.py -- DIR
"""

import os
import shutil
import sys
import types

import bpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from trial import case, check, failed, made, root, textured  # noqa: E402 - needs the path above
from heliostat_render import panel, preflight, references, sequences  # noqa: E402 - trial makes its path


def plain(_scene):
    pass


case(plain)


def sequence_clamped(_scene):
    node = textured("//seq/a_01.png", "SEQUENCE")
    node.image_user.frame_start, node.image_user.frame_duration, node.image_user.frame_offset = 1, 2, 0


for number in range(1, 10):
    made("seq/a_%02d.png" % number, "\x89PNG")
    made("seq/vol.%03d.vdb" % number)
    made("seq/abc_%d.abc" % number)
for number in range(1, 10):
    with open(os.path.join(root, "seq", "a_%02d.png" % number), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
case(sequence_clamped, ["seq/a_01.png", "seq/a_02.png"])


def sequence_missing(_scene):
    node = textured("//seq/a_01.png", "SEQUENCE")
    node.image_user.frame_start, node.image_user.frame_duration = 1, 100


case(sequence_missing, ["seq/a_08.png", "seq/a_09.png"], ["missing_file"], frames="9-20", text='Image "picture" wants %s, which does not exist, nor do 10 more like it' % os.path.join(root, "seq", "a_10.png"))


def tiles_missing(_scene):
    node = textured("//udim/t.<UDIM>.png", "TILED")
    node.image.tiles.new(1002)


with open(made("udim/t.1001.png"), "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n")
case(tiles_missing, ["udim/t.1001.png"], ["missing_file"], text="t.1002.png, which does not exist")


def without_pictures(_scene):
    for image in list(bpy.data.images):
        bpy.data.images.remove(image)


def tile_restored(_scene):
    shutil.copy(os.path.join(root, "udim", "t.1001.png"), os.path.join(root, "udim", "t.1002.png"))


check(tiles_missing, ["udim/t.1001.png"], ["missing_file"], "2-3", "", None)
tile_restored(None)
check(tiles_missing, ["udim/t.1001.png", "udim/t.1002.png"], (), "2-3", "", None)


def windows_drive(_scene):
    textured("C:\\shots\\wall.png")


case(windows_drive, (), ["missing_file"], text="wants C:/shots/wall.png, which does not exist", mend=without_pictures)


def windows_relative(_scene):
    textured("//seq\\a_03.png")


case(windows_relative, ["seq/a_03.png"])


def volume(_scene):
    data = bpy.data.volumes.new("smoke")
    data.filepath, data.is_sequence = "//seq/vol.001.vdb", True
    data.frame_start, data.frame_duration, data.frame_offset, data.sequence_mode = 1, 9, 2, "CLIP"
    bpy.context.collection.objects.link(bpy.data.objects.new("smoke", data))


case(volume, ["seq/vol.%03d.vdb" % number for number in (3, 4, 5, 6)])


def fonts_and_sounds(scene):
    curve = bpy.data.curves.new("words", "FONT")
    curve.font = bpy.data.fonts.load(made_font)
    bpy.context.collection.objects.link(bpy.data.objects.new("words", curve))
    speaker = bpy.data.speakers.new("noise")
    speaker.sound = bpy.data.sounds.load(made("sound/a.wav"))
    scene.collection.objects.link(bpy.data.objects.new("noise", speaker))


datafiles = bpy.utils.system_resource("DATAFILES", path="fonts")
made_font = os.path.join(root, "font.woff2")
with open(os.path.join(datafiles, "DejaVuSansMono.woff2"), "rb") as source, open(made_font, "wb") as target:
    target.write(source.read())
case(fonts_and_sounds, ["font.woff2", "sound/a.wav"])


def caches(_scene):
    cube = bpy.data.objects["Cube"]
    cube.modifiers.new("moved", "MESH_CACHE").filepath = "//cache/cube.pc2"
    cloth = cube.modifiers.new("Cloth", "CLOTH").point_cache
    cloth.use_external, cloth.filepath = True, "//cache/cloth/"


made("cache/cube.pc2")
made("cache/cloth/wave_000001_00.bphys")
case(caches, ["cache/cube.pc2", "cache/cloth/wave_000001_00.bphys"])


def fluid(_scene):
    cube = bpy.data.objects["Cube"].modifiers.new("water", "FLUID")
    cube.fluid_type = "DOMAIN"
    cube.domain_settings.cache_type = "ALL"
    cube.domain_settings.cache_directory = "//cache/fluid/"


made("cache/fluid/data/fluid_data_0001.vdb")
made("cache/fluid/notes.txt")
case(fluid, ["cache/fluid/data/fluid_data_0001.vdb"], ["unbaked"], text='the fluid of "Cube"')


def alembic(_scene):
    """The data-block is there in a Blender without Alembic; only its render isn't."""
    bpy.ops.cachefile.open(filepath=os.path.join(root, "seq", "abc_1.abc"))
    cache = bpy.data.cache_files[0]
    cache.filepath, cache.is_sequence, cache.frame_offset = "//seq/abc_1.abc", True, -2
    bpy.data.objects["Cube"].modifiers.new("cached", "MESH_SEQUENCE_CACHE").cache_file = cache
    usd = cache.copy()
    usd.filepath, usd.is_sequence = "//cache/set.usdc", False
    bpy.data.objects["Light"].constraints.new("TRANSFORM_CACHE").cache_file = usd


made("cache/set.usdc")
case(alembic, ["cache/set.usdc"] + ["seq/abc_%d.abc" % number for number in (3, 4, 5, 6)])


def alembic_missing(scene):
    alembic(scene)
    bpy.data.cache_files[0].filepath = "//seq/gone.abc"
    bpy.data.cache_files[0].is_sequence = False


case(alembic_missing, ["cache/set.usdc"], ["missing_file"], text='Cache "abc_1.abc" wants')


# Blender 3.6 and later bake geometry nodes; this one's modifier is stood in for.
one = types.SimpleNamespace(use_custom_path=True, directory="//cache/own")
two = types.SimpleNamespace(use_custom_path=False, directory="//cache/none")
modifier = types.SimpleNamespace(simulation_bake_directory="//cache/sim", bakes=[one, two])
if [(owner is modifier, attribute) for owner, attribute in references.node_bakes(modifier)] != [(True, "simulation_bake_directory"), (False, "directory")]:
    failed.append("node bakes: %s" % references.node_bakes(modifier))
for name in ("meta/0001.json", "blobs/0001.blob"):
    made("cache/sim/" + name)
made("cache/sim/notes.txt")
reference = references.Reference("Modifier", "cache", os.path.join(root, "cache", "sim"), None, None, folder=references.BAKE)
if [os.path.relpath(path, root) for path in reference.files()] != ["cache/sim/blobs/0001.blob", "cache/sim/meta/0001.json"]:
    failed.append("node bakes: %s" % reference.files())


def cloth_unbaked(_scene):
    cache = bpy.data.objects["Cube"].modifiers.new("Cloth", "CLOTH").point_cache
    cache.frame_end = 2


def bake(_scene):
    bpy.ops.ptcache.bake_all(bake=True)


case(cloth_unbaked, (), ["unbaked"], text='the simulation of "Cube" is not baked', mend=bake)


def rigid_unbaked(scene):
    bpy.ops.rigidbody.world_add()
    bpy.context.view_layer.objects.active = bpy.data.objects["Cube"]
    bpy.ops.rigidbody.object_add()
    scene.rigidbody_world.point_cache.frame_end = 2


case(rigid_unbaked, (), ["unbaked"], text='the rigid bodies of scene "Scene" are not baked', mend=bake)


def missing_mesh_cache(_scene):
    bpy.data.objects["Cube"].modifiers.new("moved", "MESH_CACHE").filepath = "//cache/gone.pc2"


case(missing_mesh_cache, (), ["missing_file"], text='Modifier "moved" of "Cube" wants')


def unused(_scene):
    bpy.data.images.load(os.path.join(root, "seq", "a_05.png"))
    kept = bpy.data.images.load(os.path.join(root, "seq", "a_06.png"))
    kept.use_fake_user = True


case(unused)


def unreached(scene):
    """Pictures that only the artist sees: behind the camera, on an empty, on a canvas, on what nothing wears."""
    def picture(number):
        return bpy.data.images.load(os.path.join(root, "seq", "a_%02d.png" % number))

    scene.camera.data.background_images.new().image = picture(1)
    reference = bpy.data.objects.new("reference", None)
    reference.empty_display_type, reference.data = "IMAGE", picture(2)
    scene.collection.objects.link(reference)
    scene.tool_settings.image_paint.canvas = picture(3)
    textured("//seq/a_04.png")
    worn = bpy.data.objects["Cube"].data.materials
    worn.pop(index=len(worn) - 1)
    behind = scene.camera.data.background_images.new()
    behind.source, behind.clip = "MOVIE_CLIP", bpy.data.movieclips.load(os.path.join(root, "seq", "a_05.png"))
    bpy.data.objects.new("nowhere", bpy.data.volumes.new("v")).data.filepath = "//seq/gone.vdb"
    away = bpy.data.objects.new("away", bpy.data.meshes.new("away"))
    away.modifiers.new("moved", "MESH_CACHE").filepath = "//gone.pc2"


case(unreached)


def compositor(scene):
    scene.use_nodes = True
    scene.node_tree.nodes.new("CompositorNodeImage").image = bpy.data.images.load(os.path.join(root, "seq", "a_08.png"))


case(compositor, ["seq/a_08.png"])


def windows_share(_scene):
    textured("\\\\server\\share\\wall.png")


case(windows_share, (), ["missing_file"], text="wants /server/share/wall.png, which does not exist")


def strips(scene):
    scene.render.use_sequencer = True
    strips = scene.sequence_editor_create().sequences
    still = strips.new_image("still", os.path.join(root, "seq", "a_07.png"), 1, 1)
    still.elements.append("a_08.png")
    strips.new_sound("noise", os.path.join(root, "sound", "a.wav"), 2, 1)
    strips.new_movie("film", film, 3, 1)


# A movie of one frame, written by Blender itself.
film = os.path.join(root, "film.avi")
bpy.ops.wm.read_factory_settings()
scene = bpy.context.scene
scene.sequence_editor_create().sequences.new_effect("colour", "COLOR", 1, frame_start=1, frame_end=2)
scene.frame_end, scene.render.resolution_x, scene.render.resolution_y = 1, 32, 32
scene.render.image_settings.file_format, scene.render.filepath, scene.render.use_file_extension = "AVI_JPEG", film, False
bpy.ops.render.render(animation=True)
case(strips, ["film.avi", "seq/a_07.png", "seq/a_08.png", "sound/a.wav"], ["sequencer"], text="Sequencer off")


def sequencer_off(scene):
    strips(scene)
    scene.render.use_sequencer = False


case(sequencer_off, ["sound/a.wav"])


def strips_missing(scene):
    strips(scene)
    os.rename(film, film + ".away")


case(strips_missing, ["seq/a_07.png", "seq/a_08.png", "sound/a.wav"], ["missing_file", "sequencer"], text='Strip "film" wants')
os.rename(film + ".away", film)


def packed_absolute(scene):
    """A packed library that wants a picture by a full path from outside the project."""
    with bpy.data.libraries.load(os.path.join(root, "lib.blend"), link=True) as (_, wanted):
        wanted.objects = ["Cube"]
    scene.collection.objects.link(wanted.objects[0])
    bpy.ops.file.make_paths_relative()
    bpy.ops.file.pack_libraries()


outside = os.path.join(os.path.dirname(root), "outside.png")
shutil.copy(os.path.join(root, "seq", "a_01.png"), outside)
bpy.ops.wm.read_factory_settings()
textured(outside)
bpy.ops.wm.save_as_mainfile(filepath=os.path.join(root, "lib.blend"))
case(packed_absolute, ["_ext" + outside], ["packed_library"], text="Unpack Linked Libraries")


def bad_settings(scene):
    scene.camera = None
    scene.render.filepath = "/somewhere/frame_"
    scene.render.use_border = True


def good_settings(scene):
    scene.camera = bpy.data.objects["Camera"]
    scene.render.filepath = "//frame_"
    scene.render.use_border = False


case(bad_settings, (), ["no_camera", "absolute_output", "render_region"], text="begin it with //", mend=good_settings)


def marker_camera(scene):
    scene.camera = None
    scene.timeline_markers.new("cut", frame=1).camera = bpy.data.objects["Camera"]


case(marker_camera)


def marker_cube(scene):
    scene.camera = None
    scene.timeline_markers.new("cut", frame=3).camera = bpy.data.objects["Cube"]
    scene.timeline_markers.new("far", frame=90).camera = bpy.data.objects["Light"]


def marker_rebound(scene):
    scene.timeline_markers["cut"].camera = bpy.data.objects["Camera"]


case(marker_cube, (), ["camera"], text='from frame 3 on the marker "cut" switches to "Cube", which is no camera', mend=marker_rebound)


def marker_before(scene):
    scene.timeline_markers.new("cut", frame=1).camera = bpy.data.objects["Cube"]
    scene.timeline_markers.new("back", frame=2).camera = bpy.data.objects["Camera"]


case(marker_before)


def marker_deleted(scene):
    marker_camera(scene)
    bpy.data.objects.remove(bpy.data.objects["Camera"])


case(marker_deleted, (), ["no_camera"])


def light_camera(scene):
    scene.camera = bpy.data.objects["Light"]


case(light_camera, (), ["camera"], text='scene "Scene" is seen from "Light", which is no camera', mend=good_settings)


def no_layer(scene):
    scene.view_layers.new("second").use = False
    scene.view_layers[0].use = False


def one_layer(scene):
    scene.view_layers[0].use = True


case(no_layer, (), ["no_view_layer"], text="frames would be empty; switch View Layer Properties > View Layer > Use for Rendering on", mend=one_layer)


def layer_off(scene):
    scene.view_layers.new("second").use = False
    scene.use_nodes = True
    scene.node_tree.nodes["Render Layers"].layer = "second"


def layer_muted(scene):
    scene.node_tree.nodes["Render Layers"].mute = True


case(layer_off, (), ["view_layer"], text='the compositor uses the view layer "second"', mend=layer_muted)
case(plain, (), ["frames"], frames="9-5", text="write them like")
case(plain, frames="5-9")


def gpu(scene):
    scene.render.engine, scene.cycles.device = "CYCLES", "GPU"


def cpu(scene):
    scene.cycles.device = "CPU"


case(gpu, (), ["gpu_only"], text="Device to CPU", mend=cpu)


def gpu_script(scene):
    gpu(scene)
    scene.cycles.shading_system = True


def plain_cpu(scene):
    cpu(scene)
    scene.cycles.shading_system = False


case(gpu_script, (), ["gpu_only", "osl"], text="Device to CPU, or switch Open Shading Language off", mend=plain_cpu)


def optix(scene):
    scene.render.engine, scene.cycles.use_denoising = "CYCLES", True
    scene.cycles["denoiser"] = 2


def denoise_off(scene):
    scene.cycles.use_denoising = False


case(optix, (), ["gpu_only"], text="Denoiser to OpenImageDenoise", mend=denoise_off)


def varying(scene):
    scene.render.engine, scene.cycles.time_limit = "CYCLES", 10
    if hasattr(scene.cycles, "use_guiding"):
        scene.cycles.use_guiding = True


def steady(scene):
    scene.cycles.time_limit = 0
    if hasattr(scene.cycles, "use_guiding"):
        scene.cycles.use_guiding = False


case(varying, (), ["guiding", "time_limit"], text="set the sample count instead", mend=steady)


def film_output(scene):
    scene.render.image_settings.file_format = "FFMPEG"


def unknown_output(scene):
    scene.render.image_settings.file_format = "TARGA"


def frames_output(scene):
    scene.render.image_settings.file_format = "OPEN_EXR"


case(film_output, (), ["movie_output"], text="make the movie from the delivered frames", mend=frames_output)
case(unknown_output, (), ["output_format"], text="can't deliver TARGA files", mend=frames_output)
case(plain, (), ["engine"], text="OCTANE is an add-on", told={"engine": "OCTANE"}, mend=plain)
case(plain, (), ["addon"], text='"wiggle" runs at every frame', told={"engine": "CYCLES", "handlers": ["wiggle"]}, mend=plain)


def foreign_nodes(_scene):
    """A node whose class isn't registered when the scene is described."""
    class Glitter(bpy.types.ShaderNodeCustomGroup):
        bl_idname, bl_label = "GlitterNode", "Glitter"

    bpy.utils.register_class(Glitter)
    material = bpy.data.materials.new("shiny")
    material.use_nodes = True
    material.node_tree.nodes.new("GlitterNode").name = "Glitter"
    bpy.data.objects["Cube"].data.materials.append(material)
    bpy.utils.unregister_class(Glitter)


def own_nodes(_scene):
    nodes = bpy.data.materials["shiny"].node_tree.nodes
    nodes.remove(nodes["Glitter"])


case(foreign_nodes, (), ["addon"], text='the node "Glitter" of "shiny" belongs to an add-on', mend=own_nodes)


check(plain, (), ["unsaved"], "2-3", "save the file to keep what was rendered", None, ["--unsaved"])


def stereo(scene):
    scene.render.use_multiview = True


case(stereo, (), ["stereo"])


def shared_handler(*_):
    pass


bpy.app.handlers.frame_change_pre.append(shared_handler)
equal_told = preflight.told(bpy.context.scene)["handlers"]
if equal_told != ["__main__"]:
    failed.append("handlers: %s" % equal_told)
bpy.app.handlers.frame_change_pre.clear()


def writers(scene):
    scene.use_nodes = True
    scene.node_tree.nodes.new("CompositorNodeOutputFile")


case(writers, (), ["file_output"])


def tiled(build, want):
    """Builds a compositor and compares why it keeps stills whole."""
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.use_denoising = "CYCLES", False
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.cycles.denoising_store_passes = True
    layer.update_render_passes()
    scene.use_nodes = True
    build(scene, scene.node_tree, scene.node_tree.nodes["Render Layers"].outputs, scene.node_tree.nodes.new("CompositorNodeDenoise").inputs)
    shown = " | ".join(one["text"] + "; " + one["fix"] for one in preflight.whole(scene))
    if (want == "") != (shown == "") or want not in shown:
        failed.append("%s keeps stills whole for %r, want %r" % (build.__name__, shown, want))


def alone(scene, tree, outputs, inputs):
    tree.links.new(outputs["Image"], inputs["Image"])


def guides(scene, tree, outputs, inputs):
    alone(scene, tree, outputs, inputs)
    tree.links.new(outputs["Denoising Albedo"], inputs["Albedo"])


def denoised_guides(scene, tree, outputs, inputs):
    scene.cycles.use_denoising = True
    guides(scene, tree, outputs, inputs)


def depth(scene, tree, outputs, inputs):
    tree.links.new(outputs["Depth"], inputs["Image"])


def denoised_depth(scene, tree, outputs, inputs):
    scene.cycles.use_denoising = True
    depth(scene, tree, outputs, inputs)


def matte(scene, tree, outputs, inputs):
    tree.links.new(tree.nodes.new("CompositorNodeCryptomatteV2").outputs["Image"], inputs["Image"])


def off(scene, tree, outputs, inputs):
    denoised_depth(scene, tree, outputs, inputs)
    scene.render.use_compositing = False


def another_scene(scene, tree, outputs, inputs):
    second = tree.nodes.new("CompositorNodeRLayers")
    second.scene = bpy.data.scenes.new("Backdrop")
    tree.links.new(second.outputs["Image"], inputs["Image"])


tiled(alone, "")
tiled(guides, "")
tiled(denoised_guides, "")
tiled(depth, "")
tiled(denoised_depth, "uses Depth of the view layer \"ViewLayer\", which tiles don't carry where they are denoised; render it without tiles, or unlink them, or denoise with")
tiled(matte, 'has the Cryptomatte node "Cryptomatte"')
tiled(off, "")
tiled(another_scene, 'renders the scene "Backdrop" too')


def equal(what, got, want):
    if got != want:
        failed.append("%s: %s, want %s" % (what, got, want))


path = os.path.join(root, "seq", "abc_1.abc")
clip = types.SimpleNamespace(frame_start=1, frame_offset=0)
equal("clip", [os.path.basename(one) for one in sequences.Frames([9]).of_clip(clip)(path)], ["abc_1.abc", "abc_8.abc", "abc_9.abc"])
equal("clip without frames", len(sequences.Frames().of_clip(clip)(path)), 9)
equal("cyclic", [sequences.shown_by((1, 3, 0, True), frame) for frame in (1, 3, 4, 0)], [{1}, {3}, {1}, {3}])
equal("ping-pong", [sequences.volume_frame(frame, 1, 3, 0, "PING_PONG")[0] for frame in range(1, 8)], [1, 2, 3, 2, 1, 2, 3])
equal("repeat", sequences.volume_frame(4, 1, 3, 0, "REPEAT"), [1])
equal("tiles", sequences.tiles("a.<UVTILE>.png", [1012]), ["a.u2_v2.png"])
for amount, about, at_most in ((0, "0.00", "0.00"), (2640, "0.0026", "0.0027"), (15841, "0.016", "0.016"), (14401, "0.014", "0.015"), (1234567, "1.23", "1.24"), (12000000, "12.00", "12.00"), (3, "0.000003", "0.000003")):
    equal("%d as a price and as a bound" % amount, (panel._tokens(amount), panel._tokens(amount, True)), (about, at_most))
equal("no number", sequences.everything(os.path.join(root, "plain.png")), [os.path.join(root, "plain.png")])

for line in failed:
    print("FAILED", line)
if failed:
    raise SystemExit(3)
print("CASES PASS")
