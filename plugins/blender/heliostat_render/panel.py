# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in Render Properties. It draws what the session says and decides nothing."""

import textwrap

import bpy

from .findings import ERROR, WARNING
from .session import session

ICONS = {ERROR: "CANCEL", WARNING: "ERROR", "note": "INFO"}
FRAMES = {"pending": "RADIOBUT_OFF", "uploaded": "HIDE_ON", "verified": "CHECKMARK", "delivered": "CHECKMARK", "accepted": "CHECKMARK", "rejected": "CANCEL"}
SHOWN = 12  # frames and findings that are listed one by one


class HELIOSTAT_PT_main(bpy.types.Panel):
    bl_idname = "HELIOSTAT_PT_main"
    bl_label = "Heliostat"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "render"

    def draw(self, context):
        layout = self.layout
        _connection(layout, context)
        _scene(layout, context)
        _job(layout, context)
        if session.error:
            box = layout.box()
            box.alert = True
            _lines(box, context, session.error, "CANCEL")
            if session.next:
                _lines(box, context, "Next: " + session.next, "FORWARD")
            if session.now.get("phase") == "failed" and session.now.get("key"):
                box.operator("heliostat.retry", icon="FILE_REFRESH")


def _connection(layout, context):
    addon = context.preferences.addons.get(__package__)
    row = layout.row(align=True)
    if addon:
        row.prop(addon.preferences, "manager", text="")
    status = session.status
    connected = status.get("connected")
    row.operator("heliostat.connect", text="Reconnect" if connected else "Connect", icon="LINKED" if connected else "UNLINKED")
    if connected:
        workers = sum(one.get("workers", 0) for one in status.get("renderers") or [])
        layout.label(text="Connected: %s" % ("one worker" if workers == 1 else "%d workers" % workers), icon="CHECKMARK")
    elif status.get("error"):
        _lines(layout, context, status["error"]["message"], "ERROR")
        if status["error"].get("next"):
            _lines(layout, context, "Next: " + status["error"]["next"], "FORWARD")
    elif session.connection:
        layout.label(text="Connecting…", icon="TIME")
    else:
        layout.label(text="Not connected", icon="UNLINKED")


def _scene(layout, context):
    row = layout.row(align=True)
    row.operator("heliostat.preflight", icon="VIEWZOOM")
    row.operator("heliostat.submit", icon="EXPORT")
    if session.description or session.check:
        layout.label(text="Looking at the scene…", icon="TIME")
        return
    if session.findings is None:
        return
    box = layout.box()
    if not session.findings:
        box.label(text="Nothing to fix", icon="CHECKMARK")
    for found in session.findings[:SHOWN]:
        _lines(box, context, found["text"], ICONS.get(found["level"], "INFO"))
        if found.get("fix"):
            _lines(box, context, found["fix"], "BLANK1")
    if len(session.findings) > SHOWN:
        box.label(text="and %d more" % (len(session.findings) - SHOWN))


def _job(layout, context):
    now = session.now
    phase = now.get("phase")
    if not session.job or not phase:
        return
    box = layout.box()
    box.label(text=now["phase"].capitalize() + (": " + _minutes(now["eta"]) + " left" if now.get("eta") else ""), icon="RENDER_ANIMATION")
    if phase not in {"failed", "pack", "render", "fund"}:
        _lines(box, context, now["text"])
    if now.get("quote"):
        _quote(box, now)
    if phase == "confirm":
        row = box.row(align=True)
        row.operator("heliostat.accept_quote", icon="CHECKMARK")
        row.operator("heliostat.reject_quote", icon="X")
    if phase in {"pack", "render", "fund"}:
        _bar(box, context)
    if phase in {"render", "delivered", "accepted", "settled"}:
        _frames(box, now)
    if phase == "delivered":
        box.operator("heliostat.accept_frames", icon="CHECKMARK")
    if now.get("lastFrame"):
        box.operator("heliostat.show_frame", icon="IMAGE_DATA", text="Show Frame %d" % now["lastFrameNumber"])
    if phase in {"preflight", "pack", "quote", "fund", "render"}:
        box.operator("heliostat.cancel", icon="CANCEL")


def _quote(box, now):
    quote, symbol = now["quote"], now.get("symbol") or "tokens"
    column = box.column(align=True)
    column.label(text="Price: %s %s, at most %s" % (_tokens(quote["price"]), symbol, _tokens(quote["ceiling"])), icon="DOT")
    column.label(text="Time: about %s" % _minutes(quote["seconds"]), icon="TIME")


def _bar(box, context):
    # Blender 3.4 has no progress widget for panels: a slider that can't be moved is one.
    row = box.row()
    row.enabled = False
    row.prop(context.window_manager, "heliostat_progress", text=session.now.get("text", ""), slider=True)


def _frames(box, now):
    frames = now.get("frames") or []
    grid = box.grid_flow(row_major=True, columns=6, even_columns=True, align=True)
    for frame in frames[:60]:
        icon = "RENDER_STILL" if frame["state"] == "pending" and frame.get("progress") else FRAMES.get(frame["state"], "RADIOBUT_OFF")
        grid.label(text=str(frame["frame"]), icon="IMAGE_DATA" if frame.get("path") else icon)
    if len(frames) > 60:
        box.label(text="and %d more" % (len(frames) - 60))
    for frame in [frame for frame in frames if frame.get("aside")][:3]:
        box.label(text="frame %d is beside a newer file" % frame["frame"], icon="ERROR")


def _lines(layout, context, text, icon="NONE"):
    """A label that wraps: about seven pixels a letter."""
    width = max(24, int(context.region.width / (7.2 * context.preferences.view.ui_scale)) - 6) if context.region else 60
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, width) or [""]):
        column.label(text=line, icon=icon if number == 0 else ("BLANK1" if icon != "NONE" else "NONE"))


def _tokens(amount):
    return ("%.4f" % (amount / 1_000_000)).rstrip("0").rstrip(".")


def _minutes(seconds):
    seconds = round(seconds)
    if seconds < 60:
        return "%d s" % seconds
    if seconds < 3600:
        return "%d min %02d s" % divmod(seconds, 60)
    return "%d h %02d min" % divmod(seconds // 60, 60)


def _progress(_window_manager):
    return min(max(100 * session.now.get("fraction", 0), 0), 100)


def register():
    bpy.types.WindowManager.heliostat_progress = bpy.props.FloatProperty(name="Progress", subtype="PERCENTAGE", min=0, max=100, precision=0, get=_progress)
    bpy.utils.register_class(HELIOSTAT_PT_main)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_PT_main)
    del bpy.types.WindowManager.heliostat_progress
