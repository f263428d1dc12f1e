# SPDX-License-Identifier: GPL-3.0-or-later
"""What cases.py tries its scenes with: describe one in this Blender and compare."""

import json
import os
import sys

import bpy

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from heliostat_render import describe  # noqa: E402 - needs the path above

root = os.path.abspath(sys.argv[sys.argv.index("--") + 1])
failed = []
os.makedirs(root, exist_ok=True)


def made(name, text="made"):
    path = os.path.join(root, *name.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def case(build, files=(), findings=(), frames="2-3", text="", mend=None, told=None):
    """Builds a scene, describes it and compares its files, the scene's aside, and findings.

    mend does what the findings' fix says: a scene that is built and mended has none.
    """
    shown = check(build, files, findings, frames, text, told)
    for one in shown:
        if one["level"] != "note" and not one.get("fix"):
            failed.append("%s: no fix for %s" % (build.__name__, one["text"]))
    if mend:
        def mended(scene):
            build(scene)
            mend(scene)
        mended.__name__ = build.__name__ + ", mended"
        check(mended, files, (), frames, "", None)


def check(build, files, findings, frames, text, told, more=()):
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.cycles.use_denoising = False
    scene.render.filepath = "//out/"
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(root, "case.blend"))
    build(scene)
    words = ["--out", os.path.join(root, "scene.json"), "--workdir", os.path.join(root, "work"), "--frames=" + frames, "--told=" + json.dumps(told or {}), *more]
    os.makedirs(os.path.join(root, "work"), exist_ok=True)
    shown = describe.describe(describe.arguments(words))
    got = sorted(one["name"] for one in shown["files"] if one["name"] != "case.blend")
    codes = sorted(one["code"] for one in shown["findings"])
    lines = " | ".join("%s; %s" % (one["text"], one.get("fix", "NO FIX")) for one in shown["findings"])
    if got != sorted(files) or codes != sorted(findings) or text not in lines:
        failed.append("%s: files %s, want %s; findings %s, want %s and %r in: %s" % (build.__name__, got, sorted(files), codes, sorted(findings), text, lines))
    return shown["findings"]


def textured(path, source="FILE"):
    material = bpy.data.materials.new("painted")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    image = bpy.data.images.new("picture", 1, 1)
    image.source, image.filepath = source, path
    node.image = image
    bpy.data.objects["Cube"].data.materials.append(material)
    return node
