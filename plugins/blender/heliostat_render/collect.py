# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathers what the open file needs into a package layout.

Files inside the project folder keep their place, files outside are gathered under
_ext/, and every reference is rewritten so that the layout renders the same pixels
anywhere. The open file is changed in memory, so this runs in a Blender of its own
(describe.py), never in the artist's.
"""

import os
import re

import bpy

from .findings import ERROR, NOTE, WARNING, finding
from .references import absolute, references

LISTED = 3  # missing files of one reference that are listed one by one

# First bytes of image formats whose damage Blender reports by nothing but pink pixels.
MAGIC = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".exr": (b"\x76\x2f\x31\x01",),
    ".tif": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".hdr": (b"#?",),
}


class Layout:
    """Where each file of this machine lies in the package.

    root: absolute project folder; main: absolute path of the scene file as the artist
    knows it, which need not be the file that is open.
    """

    def __init__(self, root, main, opened):
        self.root, self.main, self.opened = root, main, opened

    def name(self, path):
        """Slash-separated package name of an absolute path."""
        if path == self.opened:
            path = self.main
        inside = os.path.relpath(path, self.root) if _same_drive(path, self.root) else os.pardir
        if inside == os.pardir or inside.startswith(os.pardir + os.sep):
            drive, rest = os.path.splitdrive(path)
            inside = os.path.join("_ext", drive.replace(":", "").strip("\\/"), rest.lstrip("\\/"))
        return "/".join(_plain(part) for part in inside.split(os.sep) if part)

    def relative(self, holder, target):
        """How the file at `holder` has to write its path to `target` inside the package."""
        base = os.path.dirname(self.name(holder))
        return "//" + os.path.relpath(self.name(target), base or ".").replace(os.sep, "/")


# Component names that Windows keeps for devices.
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\.|$)", re.IGNORECASE)
TOKEN = re.compile("(<UDIM>|<UVTILE>)")


def _plain(part):
    """A path component as every worker's file system takes it; most stay as they are.

    What can't be in a name everywhere becomes %XX, each character by itself, so that
    numbered names stay numbered.
    """
    halves = TOKEN.split(part)
    halves[::2] = [re.sub(r'[\x00-\x1f\x7f<>:"|?*\\]', lambda found: "%%%02X" % ord(found[0]), half) for half in halves[::2]]
    made = "".join(halves)
    if made.endswith((" ", ".")) and made not in {".", ".."}:
        made = made[:-1] + "%%%02X" % ord(made[-1])
    return "%" + made if DEVICES.match(made) else made


def _same_drive(one, other):
    return os.path.splitdrive(one)[0].lower() == os.path.splitdrive(other)[0].lower()


class Collected:
    """files: package name -> {name, path, user, kind}; findings: what went wrong."""

    def __init__(self):
        self.files, self.findings = {}, []


def collect(layout, workdir, numbers=None, rendered=None):
    """Gathers what the numbered frames of the rendered scene need and writes the rewritten scene files into workdir."""
    found = Collected()
    rewrite = _gather(layout, found, layout.opened, numbers, rendered)
    main = os.path.join(workdir, "main.blend")
    for scene in bpy.data.scenes:
        scene.render.filepath = "//"  # the artist's own folders are nobody's business
    _save(main)
    name = layout.name(layout.opened)
    found.files[name] = {"name": name, "path": main, "user": "the scene", "kind": "scene"}
    for number, library in enumerate(sorted(rewrite)):
        copy = os.path.join(workdir, "library_%d.blend" % number)
        bpy.ops.wm.open_mainfile(filepath=library, load_ui=False, use_scripts=False)
        _gather(layout, Collected(), library, numbers)
        _save(copy)
        found.files[layout.name(library)]["path"] = copy
    return found


def _save(path):
    # Uncompressed, so that content-defined chunks repeat from one save to the next.
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=False, relative_remap=False, check_existing=False)
    _forget_path(path)


def _forget_path(path):
    """Blanks the file's own path, which Blender writes near its start.

    Blender reads it only to recover autosaves. It tells strangers about this machine, and
    it would make the bytes differ from one submit to the next.
    """
    with open(path, "r+b") as file:
        head = file.read(1 << 20)
        for own in {os.fsencode(path), os.fsencode(os.path.realpath(path))}:
            at = head.find(own)
            if at >= 0:
                file.seek(at)
                file.write(b"\0" * len(own))


def _gather(layout, found, opened, numbers, scene=None):
    """Notes every file that the open file refers to and rewrites its own references.

    Returns the absolute paths of libraries whose own references need rewriting.
    """
    rewrite, seen = set(), set()
    packed = {absolute(lib.filepath, None) for lib in bpy.data.libraries if lib.packed_file}
    for reference in list(references(numbers, layout.main if opened == layout.opened else opened, scene)):
        _note_files(layout, found, reference)
        seen.update(reference.behind())
        seen.add(reference.path)
        if reference.assign is None:
            continue
        holder = reference.holder or opened
        wanted = layout.relative(holder, reference.path)
        now = "//" + os.path.relpath(reference.path, os.path.dirname(holder)).replace(os.sep, "/")
        if reference.raw.startswith("//") and now == wanted and "\\" not in reference.raw:
            continue
        if reference.library:
            if holder in packed:
                if reference.used:
                    found.findings.append(finding(ERROR, "packed_library", '%s wants %s by a path that only holds here, and its library is packed into the scene' % (reference.user, reference.path),
                                                  "use File > External Data > Unpack Linked Libraries, or make the library's paths relative and pack it again", reference.path, reference.user))
            elif reference.used:
                rewrite.add(holder)
        else:
            reference.assign(wanted + "/" if reference.folder or reference.raw.endswith(("/", "\\")) else wanted)
    _sweep(layout, found, seen)
    return rewrite


def _note_files(layout, found, reference):
    missing = [path for path in reference.files() if not os.path.lexists(path)]
    if len(missing) > LISTED:
        # A sequence that was moved: one finding says it.
        more = _problem(reference, missing[0], "does not exist")
        more["text"] += ", nor do %d more like it" % (len(missing) - 1)
        found.findings.append(more)
        missing = set(missing)
    else:
        missing = set()
    for path in reference.files():
        if path in missing:
            continue
        name = layout.name(path)
        if name in found.files:
            continue
        problem = unreadable(path)
        if problem:
            found.findings.append(_problem(reference, path, problem))
            continue
        found.files[name] = {"name": name, "path": path, "user": reference.user, "kind": reference.kind}


def unreadable(path):
    """Why the file can't be used, or "" where it can."""
    if not os.path.exists(path):
        return "does not exist"
    if not os.path.isfile(path):
        return "is not a file"
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError as error:
        return "can't be read (%s)" % (error.strerror or error)
    marks = MAGIC.get(os.path.splitext(path)[1].lower())
    if not head:
        return "is empty"
    if marks and not head.startswith(marks):
        # A file under a wrong extension still loads where it is another known image.
        if not any(head.startswith(known) for known in MAGIC.values()):
            return "is damaged: it does not begin like a %s file" % os.path.splitext(path)[1]
    return ""


def _problem(reference, path, problem):
    level = ERROR if reference.needed else NOTE
    if problem == "does not exist":
        fix = "restore the file, or use File > External Data > Find Missing Files"
        return finding(level, "missing_file", "%s wants %s, which does not exist" % (reference.user, path), fix, path, reference.user)
    fix = "check the file and its permissions, or remove it from the scene"
    return finding(level, "unreadable_file", "%s wants %s, which %s" % (reference.user, path, problem), fix, path, reference.user)


def _sweep(layout, found, seen):
    """Adds what Blender's own path list knows and references() does not."""
    # Pictures are all in references(), but for those that the add-on itself shows.
    skipped = {absolute(image.filepath, image.library) for image in bpy.data.images if image.filepath}
    for raw in bpy.utils.blend_paths(absolute=True, packed=False, local=False):
        path = os.path.normpath(raw)
        if path in seen or path in skipped or not os.path.isfile(path) or unreadable(path):
            continue
        name = layout.name(path)
        if name in found.files:
            continue
        found.files[name] = {"name": name, "path": path, "user": "the scene", "kind": "other"}
        if name.startswith("_ext/"):
            found.findings.append(finding(WARNING, "outside_file", "%s lies outside the project and its path can't be rewritten" % path, "move it below %s" % layout.root, path))
