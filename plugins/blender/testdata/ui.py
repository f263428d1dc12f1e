# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside a Blender with a window: lays it out and reports what a test has to know.

    blender scene.blend --python ui.py -- ZIP REPORT

It presses nothing: the test moves the real mouse. REPORT is rewritten twenty times a second:
areas (pixels from the window's lower left), the clipboard (Ctrl+C over a button puts its
operator there), the session's state, and how long the longest gap between ticks was. A file REPORT.wipe
is taken away and the clipboard says "wiped".
"""

import json
import os
import sys
import time

import bpy

ZIP, REPORT = sys.argv[sys.argv.index("--") + 1:][:2]
state = {"tick": 0, "gap": 0.0, "last": 0.0}


def setup():
    bpy.context.preferences.view.show_splash = False
    bpy.context.preferences.view.ui_scale = 1.0
    bpy.ops.preferences.addon_install(filepath=ZIP, overwrite=True)
    bpy.ops.preferences.addon_enable(module="heliostat_render")
    bpy.context.preferences.addons["heliostat_render"].preferences.manager = os.environ["HELIOSTAT_MANAGER"]
    # Only our own panel, so that it is in view whatever the screen's size.
    for panel in [panel for panel in bpy.types.Panel.__subclasses__() if getattr(panel, "bl_context", "") == "render" and not panel.__module__.startswith("heliostat_render")]:
        if panel.is_registered:
            bpy.utils.unregister_class(panel)
    window = bpy.context.window_manager.windows[0]
    # The last frame on the left, the panel on the right, as an artist would work.
    next(area for area in window.screen.areas if area.type == "VIEW_3D").type = "IMAGE_EDITOR"
    with bpy.context.temp_override(window=window, area=next(area for area in window.screen.areas if area.type == "OUTLINER")):
        bpy.ops.screen.area_close()


def report():
    now = time.monotonic()
    if state["tick"] > 30:
        state["gap"] = max(state["gap"], now - state["last"])
    state["last"] = now
    state["tick"] += 1
    from heliostat_render.session import session
    if os.path.exists(REPORT + ".wipe"): # the test wants to know what is copied from now on
        bpy.context.window_manager.clipboard = "wiped"
        os.remove(REPORT + ".wipe")
    window = bpy.context.window_manager.windows[0]
    areas = [{"type": area.type, "x": area.x, "y": area.y, "width": area.width, "height": area.height,
              "image": getattr(getattr(area.spaces.active, "image", None), "filepath", "")} for area in window.screen.areas]
    said = {
        "tick": state["tick"], "gap": state["gap"], "areas": areas, "clipboard": bpy.context.window_manager.clipboard,
        "connected": bool(session.status.get("connected")), "findings": session.findings, "phase": session.now.get("phase", ""),
        "here": session.now.get("here", 0), "price": (session.now.get("quote") or {}).get("price", 0), "error": session.error,
        "lastFrame": session.now.get("lastFrame", ""), "workers": session.workers(),
        "uploaded": (session.now.get("upload") or {}).get("uploaded", 0),
    }
    with open(REPORT + ".part", "w") as file:
        json.dump(said, file)
    os.replace(REPORT + ".part", REPORT)
    return 0.05


def begin():
    setup()
    bpy.app.timers.register(choose, first_interval=0.5)


def choose():
    # An editor offers its tabs only once it has been drawn.
    area = next(area for area in bpy.context.window_manager.windows[0].screen.areas if area.type == "PROPERTIES")
    try:
        area.spaces.active.context = "RENDER"
    except TypeError:
        area.tag_redraw()
        return 0.5
    bpy.app.timers.register(report, first_interval=0.2, persistent=True)


bpy.app.timers.register(begin, first_interval=1.0)
