# Runs once inside an installed Blender and prints one line of what it can do. The tiny
# Cycles render makes --debug-cycles log which CPU kernels it picks. Without any OpenGL the
# tiny Workbench render ends the process: its line is then missing.
import json

import bpy

found = {"version": bpy.app.version_string.split()[0], "engines": [], "devices": ["CPU"], "denoisers": []}
build = bpy.app.build_hash.decode("utf-8", "replace")
found["build"] = "" if build == "Unknown" else build
scene = bpy.context.scene
for engine in ("CYCLES", "BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH"):
    try:
        scene.render.engine = engine
        found["engines"].append(engine)
    except TypeError:
        pass
if "CYCLES" in found["engines"]:
    import _cycles

    prefs = bpy.context.preferences.addons["cycles"].preferences
    for kind in ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL"):
        try:
            if any(d.type == kind for d in prefs.get_devices_for_type(kind)):
                found["devices"].append(kind)
        except Exception:
            pass  # this Blender doesn't know the backend
    if _cycles.with_openimagedenoise:
        found["denoisers"].append("OPENIMAGEDENOISE")
    if "OPTIX" in found["devices"]:
        found["denoisers"].append("OPTIX")
    scene.render.engine = "CYCLES"
    scene.cycles.use_denoising = False
    scene.cycles.samples = 1
    scene.render.resolution_x = scene.render.resolution_y = 8
    scene.render.resolution_percentage = 100
    bpy.ops.render.render()
print("\nHELIOSTAT " + json.dumps(found), flush=True)

if any(e != "CYCLES" for e in found["engines"]):
    import gpu

    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 8
    bpy.ops.render.render()
    print("\nHELIOSTAT-GL " + json.dumps({"renderer": gpu.platform.renderer_get()}), flush=True)
