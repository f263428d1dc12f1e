# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the add-on into a headless Blender and runs its operators.

    blender -b scene.blend --python background.py -- ZIP preflight|submit|unsaved|new FOLDER
"""

import sys

import bpy

archive, what, *more = sys.argv[sys.argv.index("--") + 1:]
bpy.ops.preferences.addon_install(filepath=archive, overwrite=True)
bpy.ops.preferences.addon_enable(module="heliostat_render")
try:
    if what == "preflight":
        print("RESULT", bpy.ops.heliostat.preflight())
    elif what == "new":
        # File > New: nothing of it was ever saved.
        bpy.ops.wm.read_homefile(use_factory_startup=True, load_ui=False)
        bpy.ops.preferences.addon_enable(module="heliostat_render")
        bpy.context.scene.cycles.use_denoising = False
        for output in ("//frames/", more[0] + "/"):
            bpy.context.scene.render.filepath = output
            try:
                print("RESULT", bpy.ops.heliostat.submit("EXEC_DEFAULT", wait=True, accept=True, frames="1-2"))
            except RuntimeError as error:
                print("REFUSED", error)
    else:
        for _ in range(2 if what == "unsaved" else 1):
            if what == "unsaved":
                bpy.data.objects["tile"].location.x = -0.9
                # A script's change doesn't mark the file; an undo step does.
                bpy.ops.ed.undo_push()
                bpy.data.is_dirty or print("NOT DIRTY")
            print("RESULT", bpy.ops.heliostat.submit("EXEC_DEFAULT", wait=True, accept=True))
except RuntimeError as error:
    print("REFUSED", error)
bpy.ops.preferences.addon_disable(module="heliostat_render")
