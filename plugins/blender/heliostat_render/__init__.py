# SPDX-License-Identifier: GPL-3.0-or-later
"""Heliostat for Blender: renders the open scene on a Heliostat network.

The add-on collects what the scene needs, checks it, and hands a scene folder description
to the Go library behind the `heliostat` package. It is not the place for packing, for
money or for the protocol: those live in that library.
"""

bl_info = {
    "name": "Heliostat",
    "author": "Heliostat contributors",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Properties > Render > Heliostat",
    "description": "Render this scene on a Heliostat network",
    "category": "Render",
}


def _parts():
    # Imported late: describe.py uses this package in a Blender that has no interface.
    from . import ops, panel, prefs
    return (prefs, ops, panel)


def register():
    from . import session
    for part in _parts():
        part.register()
    session.start_pump()


def unregister():
    from . import session
    session.stop()
    for part in reversed(_parts()):
        part.unregister()
