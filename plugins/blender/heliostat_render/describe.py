# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the scene folder description of the open .blend (plugins/submit/SCENE.md).

    blender -b scene.blend --factory-startup --python-exit-code 3 --python describe.py -- \\
        --out scene.json --workdir DIR [--original PATH] [--frames 1-12] [--samples N] ...

It runs in a Blender of its own: the references of the open file are rewritten in memory.
Findings, errors too, go into the description; the exit code tells only of a failure to
describe at all.
"""

import argparse
import json
import os
import sys

# Compiling on one run and not on the next would move what Blender saves in memory, and
# with it the pointers in the copy.
sys.dont_write_bytecode = True

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    __package__ = os.path.basename(os.path.dirname(os.path.abspath(__file__)))

import bpy

from heliostat_render import collect, preflight, recipe  # noqa: E402 - needs the path above
from heliostat_render.findings import ERROR, NOTE, finding  # noqa: E402


def arguments(words):
    parser = argparse.ArgumentParser(prog="describe.py", description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="file to write the description to")
    parser.add_argument("--workdir", required=True, help="folder for rewritten scene files; stays until the upload is done")
    parser.add_argument("--original", default="", help="the .blend that the artist knows, where the open one is a copy")
    parser.add_argument("--unsaved", action="store_true", help="the artist's file has changes that aren't saved")
    parser.add_argument("--told", default="{}", type=json.loads, help="what the artist's own Blender says, see preflight.told")
    parser.add_argument("--root", default="", help="project folder; the folder of the .blend without it")
    parser.add_argument("--name", default="", help="the job's name; the .blend's name without it")
    parser.add_argument("--scene", default="", help="scene to render; the active one without it")
    parser.add_argument("--frames", default="", help="like 1-12,20,30-40x2; the scene's range without it")
    parser.add_argument("--samples", type=int, default=0, help="samples per pixel; the scene's without it")
    parser.add_argument("--percentage", type=int, default=0, help="resolution in percent; the scene's without it")
    parser.add_argument("--output", default="", help="output path with # for digits; the scene's without it")
    return parser.parse_args(words)


def describe(options):
    """The description of the open file as a dictionary; writes scene files to the workdir."""
    opened = os.path.normpath(os.path.abspath(bpy.data.filepath))
    original = os.path.normpath(os.path.abspath(options.original)) if options.original else opened
    root = os.path.normpath(os.path.abspath(options.root)) if options.root else os.path.dirname(original)
    scene = bpy.context.scene
    findings = []
    if options.scene:
        if options.scene not in bpy.data.scenes:
            raise SystemExit('describe.py: %s has no scene "%s": it has %s' % (original, options.scene, ", ".join(bpy.data.scenes.keys())))
        scene = bpy.data.scenes[options.scene]
    try:
        numbers = recipe.frames(scene, options.frames)
    except ValueError as error:
        numbers = []
        findings.append(finding(ERROR, "frames", str(error), "correct the frames, or leave them empty for the scene's range"))
    layout = collect.Layout(root, original, opened)
    description = {
        "heliostat": 1,
        "name": options.name or os.path.splitext(os.path.basename(original))[0],
        "host": "blender %s" % bpy.app.version_string,
        "root": root,
        "main": layout.name(opened),
        "recipe": recipe.recipe(scene, layout.name(opened), options.samples, options.percentage),
        "frames": numbers,
        "output": recipe.output(scene, original),
        "workdir": os.path.abspath(options.workdir),
    }
    if options.output:
        ends = options.output.endswith(("/", os.sep))
        description["output"]["pattern"] = os.path.abspath(options.output) + (os.sep if ends else "")
    if os.path.isabs(scene.render.filepath) and not scene.render.filepath.startswith("//") and not options.output:
        findings.append(finding(NOTE, "absolute_output", "the output path %s is absolute: frames go there on this machine only" % scene.render.filepath,
                                "begin it with // to keep frames beside the .blend"))
    if options.unsaved:
        findings.append(finding(NOTE, "unsaved", "the scene has unsaved changes; they are rendered too", "save the file to keep what was rendered"))
    if not any(found["code"] in {"frames"} for found in findings):
        findings += preflight.preflight(scene, numbers, options.told)
    else:
        findings += [found for found in preflight.preflight(scene, numbers, options.told) if found["code"] != "empty_range"]
    description["whole"] = preflight.whole(scene)
    collected = collect.collect(layout, description["workdir"], numbers, scene)
    description["files"] = sorted(collected.files.values(), key=lambda file: file["name"])
    description["findings"] = findings + collected.findings
    return description


def main():
    options = arguments(sys.argv[sys.argv.index("--") + 1:] if "--" in sys.argv else [])
    if not bpy.data.filepath:
        raise SystemExit("describe.py: no .blend is open: name it before --python")
    os.makedirs(options.workdir, exist_ok=True)
    description = describe(options)
    part = options.out + ".part"
    with open(part, "w", encoding="utf-8") as out:
        json.dump(description, out, indent=1)
    os.replace(part, options.out)


if __name__ == "__main__":
    main()
