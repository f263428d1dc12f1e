# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in Render Properties. It draws what the session says and decides nothing."""

import textwrap

import bpy

from . import recipe
from .findings import ERROR, WARNING
from .session import session

ICONS = {ERROR: "CANCEL", WARNING: "ERROR", "note": "INFO"}
TITLES = {
    "preflight": "Checking the scene", "pack": "Packing and uploading", "quote": "Asking for a price", "confirm": "Do you take this price?", "fund": "Paying into escrow",
    "render": "Rendering", "delivered": "Delivered", "accepted": "Accepted", "settled": "Settled", "rejected": "Quote rejected", "cancelled": "Cancelled", "failed": "Stopped",
}
# State of a frame -> its icon, and what the line below the frames calls it.
FRAMES = {
    "here": ("IMAGE_DATA", "here"), "rendering": ("RENDER_STILL", "rendering"), "uploaded": ("VIEWZOOM", "being verified"), "verified": ("IMPORT", "on the way"),
    "rejected": ("FILE_REFRESH", "rendered again"), "pending": ("RADIOBUT_OFF", "waiting"),
}
SHOWN = 12  # findings that are listed one by one
GRID = 60  # frames that are


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
            _lines(box, context, sentence(session.error), "CANCEL")
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
        workers = session.workers()
        layout.label(text="Connected: %s" % ("one worker" if workers == 1 else "%d workers" % workers), icon="CHECKMARK")
    elif status.get("error"):
        _lines(layout, context, sentence(status["error"]["message"]), "ERROR")
        if status["error"].get("next"):
            _lines(layout, context, "Next: " + status["error"]["next"], "FORWARD")
    elif session.connection:
        layout.label(text="Connecting…", icon="TIME")
    else:
        layout.label(text="Not connected", icon="UNLINKED")


def _scene(layout, context):
    column = layout.column(align=True)
    for text, icon in summary(context.scene):
        column.label(text=text, icon=icon)
    row = layout.row(align=True)
    row.operator("heliostat.preflight", icon="VIEWZOOM")
    row.operator("heliostat.submit", icon="EXPORT")
    if session.description or session.check:
        layout.label(text="Looking at the scene…", icon="TIME")
        return
    if session.findings is None:
        return
    box = layout.box().column(align=True)
    if not session.findings:
        box.label(text="Nothing to fix", icon="CHECKMARK")
    for found in session.findings[:SHOWN]:
        _lines(box, context, sentence(found["text"]), ICONS.get(found["level"], "INFO"))
        if found.get("fix"):
            _lines(box, context, "To fix it: " + found["fix"], "BLANK1")
    if len(session.findings) > SHOWN:
        box.label(text="and %d more" % (len(session.findings) - SHOWN))


def summary(scene):
    """What Submit would render, as pairs of text and icon."""
    made = recipe.recipe(scene, "")
    count = len(range(scene.frame_start, scene.frame_end + 1, max(1, scene.frame_step)))
    parts = ["%d frames" % count if count != 1 else "one frame", "%d × %d" % (made["width"], made["height"])]
    if made.get("samples"):
        parts.append("%d samples" % made["samples"])
    return [(", ".join(parts), "SCENE_DATA"), ("to " + (scene.render.filepath or "the folder of the .blend"), "FILE_FOLDER")]


def sentence(text):
    """The text with a capital, as a line of its own wants it; paths keep their letters."""
    return text if text.startswith(("/", "//")) else text[:1].upper() + text[1:]


def _job(layout, context):
    now = session.now
    phase = now.get("phase")
    if not session.job or not phase:
        return
    box = layout.box()
    box.label(text=TITLES.get(phase, phase) + (": about %s left" % _minutes(now["eta"]) if now.get("eta") else ""), icon="RENDER_ANIMATION")
    if phase not in {"failed", "pack", "confirm", "render", "fund"}:
        _lines(box, context, sentence(now["text"]))
    if now.get("quote"):
        _quote(box, now)
    if phase == "confirm":
        row = box.row(align=True)
        row.operator("heliostat.accept_quote", icon="CHECKMARK")
        row.operator("heliostat.reject_quote", icon="X")
    if phase in {"pack", "render", "fund"}:
        box.prop(context.window_manager, "heliostat_progress", text=now.get("text", ""), slider=True)
    if now.get("why"):
        _lines(box, context, sentence("Waiting: " + now["why"]), "TIME")
    if phase in {"render", "delivered", "accepted", "settled"}:
        _frames(box, now)
    if phase == "delivered":
        _lines(box, context, "Accept them when you like what you see: the job is settled then, and you can submit the next.")
        box.operator("heliostat.accept_frames", icon="CHECKMARK")
    if now.get("lastFrame"):
        box.operator("heliostat.show_frame", icon="IMAGE_DATA", text="Show Frame %d" % now["lastFrameNumber"])
    if phase in {"preflight", "pack", "quote", "fund", "render"}:
        box.operator("heliostat.cancel", icon="CANCEL")


def _quote(box, now):
    quote, symbol = now["quote"], now.get("symbol") or "tokens"
    column = box.column(align=True)
    column.label(text="Price: about %s %s, never above %s" % (_tokens(quote["price"]), symbol, _tokens(quote["ceiling"], True)), icon="DOT")
    column.label(text="Time: about %s" % _minutes(quote["seconds"]), icon="TIME")


def frame_state(frame):
    """A key of FRAMES."""
    if frame.get("path"):
        return "here"
    if frame["state"] == "pending" and frame.get("progress"):
        return "rendering"
    return frame["state"] if frame["state"] in FRAMES else "verified"


def _frames(box, now):
    frames = now.get("frames") or []
    states = [frame_state(frame) for frame in frames]
    grid = box.grid_flow(row_major=True, columns=6, even_columns=True, align=True)
    for frame, state in zip(frames[:GRID], states):
        grid.label(text=str(frame["frame"]), icon=FRAMES[state][0])
    if len(frames) > GRID:
        box.label(text="and %d more" % (len(frames) - GRID))
    key = box.column(align=True)
    for state, (icon, text) in FRAMES.items():
        if state in states:
            key.label(text="%d %s" % (states.count(state), text), icon=icon)
    for frame in [frame for frame in frames if frame.get("aside")][:3]:
        box.label(text="Frame %d is beside a newer file" % frame["frame"], icon="ERROR")


def _lines(layout, context, text, icon="NONE"):
    """A label that wraps: about seven pixels a letter."""
    width = max(24, int(context.region.width / (7.2 * context.preferences.view.ui_scale)) - 6) if context.region else 60
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, width) or [""]):
        column.label(text=line, icon=icon if number == 0 else ("BLANK1" if icon != "NONE" else "NONE"))


def _tokens(amount, bound=False):
    """Millionths as tokens: two decimals, and below a token two digits that count; a bound is never rounded down."""
    unit = 10_000
    while amount < min(10 * unit, 1_000_000) and unit > 1:
        unit //= 10
    amount = (amount + (unit - 1 if bound else unit // 2)) // unit * unit
    whole, rest = ("%.6f" % (amount / 1_000_000)).split(".")
    return whole + "." + rest[:2] + rest[2:].rstrip("0")


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
    # Blender 3.4 has no progress bar for panels. A slider is one; with a setter that does
    # nothing it can't be moved and isn't greyed out.
    bpy.types.WindowManager.heliostat_progress = bpy.props.FloatProperty(
        name="Progress", description="How far this step is", subtype="PERCENTAGE", min=0, max=100, precision=0, get=_progress, set=lambda _owner, _value: None)
    bpy.utils.register_class(HELIOSTAT_PT_main)


def unregister():
    bpy.utils.unregister_class(HELIOSTAT_PT_main)
    del bpy.types.WindowManager.heliostat_progress
