# Runs inside mayapy for one session: loads the scene, applies the recipe, renders the frames
# it is asked for. Stands after resident/host.py. Script nodes of a scene are not executed.
import os
import time

import maya.standalone

maya.standalone.initialize(name="python")
from maya import cmds, mel  # noqa: E402 - they exist only after initialize

# Renderer as defaultRenderGlobals.currentRenderer calls it: the plug-in that brings it.
PLUGINS = {"arnold": "mtoa", "redshift": "redshift4maya", "vray": "vrayformaya", "mayaSoftware": "", "mayaHardware2": ""}
# Recipe's format: (Maya's own number, Arnold's word, ending). Only what a verifier reads without loss.
FORMATS = {"PNG": (32, "png", ".png"), "OPEN_EXR": (51, "exr", ".exr")}
# Node type and its attribute that holds a path.
FILES = (("file", "fileTextureName"), ("imagePlane", "imageName"), ("aiImage", "filename"))


class Session:
    def __init__(self):
        self.recipe = None
        self.ending = ""

    def open(self, cmd):
        recipe = self.recipe = cmd["recipe"]
        path, package = cmd["path"], cmd["package"]
        if not os.path.isfile(path):
            raise Refused("missing", "the package has no %s" % recipe["mainFile"])
        self.load_renderer()
        cmds.workspace(package, openWorkspace=True)
        try:
            cmds.file(path, open=True, force=True, ignoreVersion=True, executeScriptNodes=False, loadReferenceDepth="all")
        except RuntimeError as e:
            raise Refused("scene", "%s can't be opened: %s" % (recipe["mainFile"], clean(e)))
        self.check_files(package)
        warnings = []
        self.apply(cmd["device"], warnings)
        answer(event="opened", warnings=warnings)

    def load_renderer(self):
        plugin = PLUGINS.get(self.recipe["engine"])
        if plugin is None:
            raise Refused("unsupported", "Maya has no renderer %s" % self.recipe["engine"])
        if plugin:
            try:
                cmds.loadPlugin(plugin, quiet=True)
            except RuntimeError as e:
                raise Refused("unsupported", "%s isn't installed for this Maya: %s" % (plugin, clean(e)))

    def check_files(self, package):
        for reference in cmds.file(query=True, reference=True) or []:
            path = reference.split("{")[0]
            if not os.path.isfile(path):
                raise Refused("missing", "reference: %s" % path)
        for kind, attribute in FILES:
            for node in cmds.ls(type=kind) or []:
                path = cmds.getAttr("%s.%s" % (node, attribute)) or ""
                if not path or any(mark in path.lower() for mark in ("<", "#")):
                    continue  # a set of files; which are used depends on the frame
                full = path if os.path.isabs(path) else os.path.join(package, path)
                if not os.path.isfile(full):
                    raise Refused("missing", "%s %r: %s" % (kind, node, path))

    def apply(self, device, warnings):
        recipe = self.recipe
        engine = recipe["engine"]
        cmds.setAttr("defaultRenderGlobals.currentRenderer", engine, type="string")
        cmds.setAttr("defaultResolution.width", recipe["width"])
        cmds.setAttr("defaultResolution.height", recipe["height"])
        cmds.setAttr("defaultResolution.deviceAspectRatio", recipe["width"] / recipe["height"])
        self.apply_format()
        cameras = cmds.ls(type="camera") or []
        wanted = recipe.get("camera", "")
        if wanted:
            # People name the transform, the attribute is the shape's.
            shapes = [c for c in cameras if c == wanted or wanted in (cmds.listRelatives(c, parent=True) or [])]
            if not shapes:
                raise Refused("scene", "the scene has no camera %r" % wanted)
            for camera in cameras:
                cmds.setAttr(camera + ".renderable", camera in shapes)
        if sum(1 for c in cameras if cmds.getAttr(c + ".renderable")) != 1:
            raise Refused("scene", "the scene has not exactly one renderable camera; choose one and submit again")
        layers = recipe.get("viewLayers") or []
        known = cmds.ls(type="renderLayer") or []
        for name in layers:
            if name not in known:
                raise Refused("scene", "the scene has no render layer %r" % name)
        if len(layers) > 1:
            raise Refused("unsupported", "one render layer at a time can be delivered; submit a job for each")
        if layers:
            for name in known:
                cmds.setAttr(name + ".renderable", name in layers)
        if engine == "arnold":
            self.apply_arnold(device)
        elif engine == "redshift" and device == "CPU":
            raise Refused("unsupported", "Redshift needs a GPU; this session has none")
        elif engine not in ("redshift", "arnold") and device != "CPU":
            raise Refused("unsupported", "%s renders on the CPU here, and the session has %s" % (engine, device))
        if engine != "arnold" and recipe.get("samples"):
            warnings.append("samples are the scene's own with %s" % engine)

    def apply_arnold(self, device):
        options = "defaultArnoldRenderOptions"
        if self.recipe.get("samples"):
            cmds.setAttr(options + ".AASamples", self.recipe["samples"])
        cmds.setAttr(options + ".renderDevice", 0 if device == "CPU" else 1)
        cmds.setAttr(options + ".abortOnError", True)

    def apply_format(self):
        try:
            number, arnold, self.ending = FORMATS[self.recipe["format"]]
        except KeyError:
            raise Refused("unsupported", "Maya sessions deliver %s, not %s" % (" and ".join(sorted(FORMATS)), self.recipe["format"]))
        engine = self.recipe["engine"]
        if engine != "arnold" and number != 32:
            raise Refused("unsupported", "with %s Maya sessions deliver PNG, not %s" % (engine, self.recipe["format"]))
        cmds.setAttr("defaultRenderGlobals.imageFormat", number)
        if engine == "arnold":
            cmds.setAttr("defaultArnoldDriver.ai_translator", arnold, type="string")
            codec = self.recipe.get("exrCodec", "").lower()
            if codec and arnold == "exr":
                self.apply_codec("defaultArnoldDriver", "exrCompression", codec)
        elif engine == "redshift":
            cmds.setAttr("redshiftOptions.imageFormat", 2)
        elif engine == "vray":
            cmds.setAttr("vraySettings.imageFormatStr", "png", type="string")

    def apply_codec(self, node, attribute, codec):
        """Chooses a compression by its name: the numbers differ between versions."""
        known = []
        if cmds.attributeQuery(attribute, node=node, exists=True):
            known = cmds.attributeQuery(attribute, node=node, listEnum=True)[0].lower().split(":")
        if codec not in known:
            raise Refused("unsupported", "this renderer compresses OpenEXR by %s, not %s" % (", ".join(known) or "its own choice", codec.upper()))
        cmds.setAttr("%s.%s" % (node, attribute), known.index(codec))

    def render(self, cmd):
        before, began = os.times(), time.monotonic()
        path = self.shoot(cmd)
        result = {"files": [{"path": path}]}
        if cmd.get("borders"):
            # The Go side asks for the whole frame and cuts the borders out.
            result = {"tiles": [dict(final=path, x=0, y=0, w=self.recipe["width"], h=self.recipe["height"], seconds=time.monotonic() - began)]}
        answer(event="done", id=cmd["id"], **usage(before), **result)

    def shoot(self, cmd):
        frame, name = cmd["frame"], cmd["name"]
        options = "defaultArnoldRenderOptions"
        if self.recipe["engine"] == "arnold" and cmds.attributeQuery("AASeed", node=options, exists=True):
            cmds.setAttr(options + ".AASeed", cmd["seed"])
        cmds.workspace(fileRule=("images", cmd["dir"]))
        cmds.setAttr("defaultRenderGlobals.imageFilePrefix", name, type="string")
        for attribute, value in (("animation", True), ("startFrame", frame), ("endFrame", frame), ("byFrameStep", 1), ("extensionPadding", 4),
                                 ("outFormatControl", 0), ("putFrameBeforeExt", True), ("periodInExt", 1)):
            cmds.setAttr("defaultRenderGlobals." + attribute, value)
        cmds.currentTime(frame)
        for old in os.listdir(cmd["dir"]):
            if old.startswith(name + "."):
                os.remove(os.path.join(cmd["dir"], old))
        try:
            # What Maya's own `Render` ends in, whichever renderer it is; the engine is one of PLUGINS.
            mel.eval('mayaBatchRenderProcedure(0, "", "", "%s", "")' % self.recipe["engine"])
        except RuntimeError as e:
            raise refusal(clean(e))
        made = sorted(n for n in os.listdir(cmd["dir"]) if n.startswith(name + ".") and n.endswith(self.ending))
        if len(made) != 1:
            raise Refused("crashed", "Maya left %d images for frame %d" % (len(made), frame))
        path = os.path.join(cmd["dir"], name + self.ending)
        os.rename(os.path.join(cmd["dir"], made[0]), path)
        return path


def refusal(text):
    low = text.lower()
    if "out of memory" in low or "memory" in low and "alloc" in low:
        return Refused("memory", text)
    if "licen" in low or "no gpu" in low or "device" in low and "not found" in low:
        return Refused("unsupported", text)
    return Refused("scene", text)


session = Session()
serve(open=session.open, render=session.render)
