"""Writes the scene folder description (plugins/submit/SCENE.md) of the open Maya scene."""

import os
import re

from maya import cmds

# Node type, attribute that holds a path, what to call the file.
FILES = (("file", "fileTextureName", "image"), ("imagePlane", "imageName", "image"), ("aiImage", "filename", "image"))
# What a worker's Maya delivers: only what a verifier reads without loss.
FORMATS = {32: ("PNG", ".png"), 40: ("OPEN_EXR", ".exr"), 51: ("OPEN_EXR", ".exr")}


def describe():
    """The description of the saved scene as a dictionary, findings included."""
    scene = cmds.file(query=True, sceneName=True)
    findings = []
    if not scene:
        raise RuntimeError("the scene was never saved: save it once, so that its files have a place")
    if cmds.file(query=True, modified=True):
        findings.append(_finding("warning", "unsaved", "the scene has unsaved changes, which are not rendered", "save the scene"))
    root = os.path.normpath(cmds.workspace(query=True, rootDirectory=True) or os.path.dirname(scene))
    if _outside(scene, root):
        root = os.path.dirname(scene)
    files = {}
    _add(files, findings, root, scene, "the scene", "scene")
    for reference in cmds.file(query=True, reference=True) or []:
        _add(files, findings, root, re.sub(r"\{\d+\}$", "", reference), 'Reference "%s"' % reference, "library")
    for kind, attribute, word in FILES:
        for node in (cmds.ls(type=kind) or []):
            path = cmds.getAttr("%s.%s" % (node, attribute))
            for each in _expand(path):
                _add(files, findings, root, each, '%s "%s"' % (kind, node), word)
    frames = list(range(int(cmds.getAttr("defaultRenderGlobals.startFrame")), int(cmds.getAttr("defaultRenderGlobals.endFrame")) + 1,
                        max(1, int(cmds.getAttr("defaultRenderGlobals.byFrameStep")))))
    form, extension = FORMATS.get(int(cmds.getAttr("defaultRenderGlobals.imageFormat")), ("", ""))
    if not form:
        findings.append(_finding("error", "output_format", "the network can't deliver this image format", "choose PNG or EXR in Render Settings"))
    main = os.path.relpath(scene, root).replace(os.sep, "/")
    name = os.path.splitext(os.path.basename(scene))[0]
    engine = cmds.getAttr("defaultRenderGlobals.currentRenderer")
    if form == "OPEN_EXR" and engine != "arnold":
        findings.append(_finding("error", "output_format", "OpenEXR is delivered with Arnold only", "choose PNG in Render Settings"))
    recipe = {
        "renderer": "maya", "version": cmds.about(version=True), "engine": engine, "mainFile": main,
        "width": int(cmds.getAttr("defaultResolution.width")), "height": int(cmds.getAttr("defaultResolution.height")), "device": "CPU", "format": form,
    }
    if form == "OPEN_EXR":
        recipe["exrCodec"] = "ZIP"
    return {
        "heliostat": 1, "name": name, "host": "maya %s" % cmds.about(version=True), "root": root, "main": main,
        "files": sorted(files.values(), key=lambda file: file["name"]), "frames": frames, "findings": findings, "recipe": recipe,
        "output": {"pattern": os.path.join(root, "images", name + ".####"), "extension": extension},
    }


def _finding(level, code, text, fix, path=""):
    made = {"level": level, "code": code, "text": text, "fix": fix}
    if path:
        made["file"] = path
    return made


def _outside(path, root):
    return os.path.relpath(path, root).startswith(os.pardir)


def _expand(path):
    """The files behind a texture path: UDIM sets and sequences by their pattern."""
    if not path:
        return []
    pattern = re.sub(r"<udim>|<f>|<frame\d*>|#+", "*", path, flags=re.IGNORECASE)
    if pattern == path:
        return [path]
    folder, base = os.path.split(pattern)
    like = re.compile("^" + re.escape(base).replace(r"\*", r"\d+") + "$")
    found = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if like.match(name)] if os.path.isdir(folder) else []
    return found or [path]


def _add(files, findings, root, path, user, kind):
    path = os.path.normpath(path if os.path.isabs(path) else os.path.join(root, path))
    if not os.path.isfile(path):
        findings.append(_finding("error", "missing_file", "%s wants %s, which does not exist" % (user, path), "restore the file, or repath it in the File Path Editor", path))
        return
    if _outside(path, root):
        findings.append(_finding("error", "outside_file", "%s lies outside the project %s" % (path, root), "move it into the project and repath it", path))
        return
    name = os.path.relpath(path, root).replace(os.sep, "/")
    files.setdefault(name, {"name": name, "path": path, "user": user, "kind": kind})
