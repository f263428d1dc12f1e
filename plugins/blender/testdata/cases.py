# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects one scene after another in one Blender and compares what was found.

    blender -b --factory-startup --python-exit-code 3 --python cases.py -- DIR
"""

import os
import sys
import types

import bpy

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from heliostat_render import describe, sequences  # noqa: E402 - needs the path above

root = os.path.abspath(sys.argv[sys.argv.index("--") + 1])
failed = []
os.makedirs(root, exist_ok=True)


def made(name, text="made"):
    path = os.path.join(root, *name.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def case(build, files=(), findings=(), frames="2-3", text=""):
    """Builds a scene, describes it and compares its files, the scene's aside, and findings."""
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.cycles.use_denoising = False
    scene.render.filepath = "//out/"
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(root, "case.blend"))
    build(scene)
    words = ["--out", os.path.join(root, "scene.json"), "--workdir", os.path.join(root, "work"), "--frames=" + frames]
    os.makedirs(os.path.join(root, "work"), exist_ok=True)
    told = describe.describe(describe.arguments(words))
    got = sorted(one["name"] for one in told["files"] if one["name"] != "case.blend")
    codes = sorted(one["code"] for one in told["findings"])
    lines = " | ".join("%s; %s" % (one["text"], one.get("fix", "NO FIX")) for one in told["findings"])
    if got != sorted(files) or codes != sorted(findings) or text not in lines:
        failed.append("%s: files %s, want %s; findings %s, want %s and %r in: %s" % (build.__name__, got, sorted(files), codes, sorted(findings), text, lines))
    for one in told["findings"]:
        if one["level"] != "note" and not one.get("fix"):
            failed.append("%s: no fix for %s" % (build.__name__, one["text"]))


def textured(path, source="FILE"):
    material = bpy.data.materials.new("painted")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    image = bpy.data.images.new("picture", 1, 1)
    image.source, image.filepath = source, path
    node.image = image
    bpy.data.objects["Cube"].data.materials.append(material)
    return node


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


def windows_drive(_scene):
    textured("C:\\shots\\wall.png")


case(windows_drive, (), ["missing_file"], text="wants C:/shots/wall.png, which does not exist")


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
with open(os.path.join(datafiles, "DejaVuSans.woff2"), "rb") as source, open(made_font, "wb") as target:
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
case(fluid, ["cache/fluid/data/fluid_data_0001.vdb"], ["unbaked"], text='the fluid of "Cube"')


def cloth_unbaked(_scene):
    bpy.data.objects["Cube"].modifiers.new("Cloth", "CLOTH")


case(cloth_unbaked, (), ["unbaked"], text='the simulation of "Cube" is not baked')


def missing_mesh_cache(_scene):
    bpy.data.objects["Cube"].modifiers.new("moved", "MESH_CACHE").filepath = "//cache/gone.pc2"


case(missing_mesh_cache, (), ["missing_file"], text='Modifier "moved" of "Cube" wants')


def unused(_scene):
    bpy.data.images.load(os.path.join(root, "seq", "a_05.png"))
    kept = bpy.data.images.load(os.path.join(root, "seq", "a_06.png"))
    kept.use_fake_user = True


case(unused)


def strips(scene):
    scene.render.use_sequencer = True
    scene.sequence_editor_create().sequences.new_image("still", os.path.join(root, "seq", "a_07.png"), 1, 1)


case(strips, ["seq/a_07.png"], ["sequencer"], text="Sequencer off")


def bad_settings(scene):
    scene.camera = None
    scene.render.filepath = "/somewhere/frame_"
    scene.render.use_border = True


case(bad_settings, (), ["no_camera", "absolute_output", "render_region"], text="begin it with //")
case(plain, (), ["frames"], frames="9-5", text="write them like")


def gpu(scene):
    scene.render.engine, scene.cycles.device = "CYCLES", "GPU"


case(gpu, (), ["gpu_only"], text="Device to CPU")


def writers(scene):
    scene.use_nodes = True
    scene.node_tree.nodes.new("CompositorNodeOutputFile")


case(writers, (), ["file_output"])


def equal(what, got, want):
    if got != want:
        failed.append("%s: %s, want %s" % (what, got, want))


# This Blender can't make a clip or an Alembic cache without its libraries: their paths are
# worked out alone.
path = os.path.join(root, "seq", "abc_1.abc")
cache = types.SimpleNamespace(override_frame=False, animation_data=None, frame_offset=0)
equal("alembic", [os.path.basename(one) for one in sequences.Frames([4]).of_cache(cache)(path)], ["abc_3.abc", "abc_4.abc", "abc_5.abc"])
clip = types.SimpleNamespace(frame_start=1, frame_offset=0)
equal("clip", [os.path.basename(one) for one in sequences.Frames([9]).of_clip(clip)(path)], ["abc_8.abc", "abc_9.abc"])
equal("clip without frames", len(sequences.Frames().of_clip(clip)(path)), 9)
equal("cyclic", [sequences.shown_by((1, 3, 0, True), frame) for frame in (1, 3, 4, 0)], [{1}, {3}, {1}, {3}])
equal("ping-pong", [sequences.volume_frame(frame, 1, 3, 0, "PING_PONG")[0] for frame in range(1, 8)], [1, 2, 3, 2, 1, 2, 3])
equal("repeat", sequences.volume_frame(4, 1, 3, 0, "REPEAT"), [1])
equal("tiles", sequences.tiles("a.<UVTILE>.png", [1012]), ["a.u2_v2.png"])
equal("no number", sequences.everything(os.path.join(root, "plain.png")), [os.path.join(root, "plain.png")])

for line in failed:
    print("FAILED", line)
if failed:
    raise SystemExit(3)
print("CASES PASS")
