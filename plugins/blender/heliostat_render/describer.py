# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes the open scene without touching it and without stopping the interface.

A second, headless Blender collects and rewrites. It opens the saved file or, where the
scene has unsaved changes, a copy that is written first: fast, and the only step that runs
in the artist's Blender.
"""

import json
import os
import shutil
import subprocess
import tempfile

import bpy

from .preflight import told


class Describer:
    """One run; poll() until it returns a description, or raises RuntimeError with the reason."""

    def __init__(self, scene, arguments=()):
        if not bpy.data.filepath and scene.render.filepath.startswith("//"):
            raise RuntimeError("the scene was never saved, so its output %s has no place: save it once, or set a full output path" % scene.render.filepath)
        self.folder = tempfile.mkdtemp(prefix="heliostat-")
        try:
            self._begin(scene, arguments)
        except Exception:
            self.close()
            raise

    def _begin(self, scene, arguments):
        copy, self._out, log = (os.path.join(self.folder, name) for name in ("source.blend", "scene.json", "log.txt"))
        opened = bpy.data.filepath
        # What was never saved is taken for a file of its own in the temporary folder.
        original = opened or os.path.join(self.folder, "untitled.blend")
        if bpy.data.is_dirty or not os.path.isfile(opened):
            # relative_remap lets the copy find its files from where it lies.
            bpy.ops.wm.save_as_mainfile(filepath=copy, copy=True, compress=False, relative_remap=True, check_existing=False)
            opened = copy
        command = [
            bpy.app.binary_path, "-b", opened, "--factory-startup", "--python-exit-code", "3",
            "--python", os.path.join(os.path.dirname(os.path.abspath(__file__)), "describe.py"), "--",
            "--out=" + self._out, "--workdir=" + os.path.join(self.folder, "work"), "--original=" + original,
            "--name=" + os.path.splitext(os.path.basename(original))[0], "--scene=" + scene.name,
            "--told=" + json.dumps(told(scene)), *arguments,
        ]
        if opened == copy:
            command.append("--unsaved")
        setarch = shutil.which("setarch")
        if setarch:
            # The same addresses in every run make the copy's bytes repeat, so that a
            # second submit uploads almost nothing.
            command = [setarch, "-R", *command]
        self._log = log
        with open(log, "wb") as out:
            environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment)

    def poll(self):
        """The description once it is there, None before."""
        code = self._process.poll()
        if code is None:
            return None
        try:
            if code != 0 or not os.path.isfile(self._out):
                raise RuntimeError("the scene can't be described: %s" % self._reason())
            with open(self._out, encoding="utf-8") as file:
                return json.load(file)
        finally:
            for name in ("source.blend", "scene.json", "log.txt"):
                if os.path.exists(os.path.join(self.folder, name)):
                    os.remove(os.path.join(self.folder, name))

    def _reason(self):
        with open(self._log, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file if line.strip() and not line.startswith(("Blender ", "Read blend"))]
        return " / ".join(lines[-3:]) or "Blender gave no reason"

    def close(self):
        """Stops the second Blender and deletes its files; not for a description that is submitted."""
        process = getattr(self, "_process", None)
        if process and process.poll() is None:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
