# Runs inside Blender for the demo and the end-to-end tests: installs the add-on from its
# zip, as an artist would, and calls its operator.
#
#   blender -b scene.blend --python submit.py -- --addon heliostat.zip --manager URL --data DIR --output DIR --report FILE

import argparse
import json
import os
import sys

import bpy

parser = argparse.ArgumentParser(prog="submit.py")
parser.add_argument("--addon", required=True, help="the add-on's zip")
parser.add_argument("--manager", required=True)
parser.add_argument("--data", required=True, help="the artist's data folder")
parser.add_argument("--output", required=True, help="folder for the frames")
parser.add_argument("--report", required=True, help="JSON file to write what happened to")
parser.add_argument("--frames", default="")
parser.add_argument("--samples", type=int, default=0)
parser.add_argument("--percentage", type=int, default=0)
arguments = parser.parse_args(sys.argv[sys.argv.index("--") + 1:])

bpy.ops.preferences.addon_install(filepath=arguments.addon, overwrite=True)
bpy.ops.preferences.addon_enable(module="heliostat_render")
preferences = bpy.context.preferences.addons["heliostat_render"].preferences
preferences.manager, preferences.data = arguments.manager, arguments.data
if arguments.percentage:
    bpy.context.scene.render.resolution_percentage = arguments.percentage

from heliostat_render.session import session  # there only since it was installed

error = ""
try:
    bpy.ops.heliostat.submit(
        "EXEC_DEFAULT", wait=True, accept=True, frames=arguments.frames, samples=arguments.samples,
        output=os.path.join(arguments.output, "frame_####"))
except RuntimeError as failed:
    error = str(failed).strip()

now = session.now
report = {
    "job": (now.get("job") or {}).get("id", ""),
    "phase": now.get("phase", ""),
    "error": error or session.error,
    "output": arguments.output,
    "files": {str(f["frame"]): f["path"] for f in now.get("frames") or [] if f.get("path")},
    "bytes_scene": now.get("upload", {}).get("bytes", 0),
    "bytes_uploaded": now.get("upload", {}).get("uploaded", 0),
}
with open(arguments.report, "w", encoding="utf-8") as out:
    json.dump(report, out, indent=2)
sys.exit(1 if report["error"] else 0)
