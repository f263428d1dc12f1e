import json
import os

attributes = {}
scene = {}
text = b""
plugins = []
images = ""


def about(version=False):
    return "2024"


def loadPlugin(name, quiet=False):
    if name != "mtoa":
        raise RuntimeError('Plug-in, "%s", was not found on MAYA_PLUG_IN_PATH.' % name)
    plugins.append(name)
    attributes.update({"defaultArnoldRenderOptions.AASeed": 0, "defaultArnoldRenderOptions.AASamples": 3,
                       "defaultArnoldRenderOptions.renderDevice": 0, "defaultArnoldRenderOptions.abortOnError": False,
                       "defaultArnoldDriver.ai_translator": "exr", "defaultArnoldDriver.exrCompression": 0})


def workspace(folder=None, openWorkspace=False, fileRule=None):
    global images
    if openWorkspace and not os.path.isdir(folder):
        raise RuntimeError("no folder " + folder)
    if fileRule:
        images = fileRule[1]


def file(path=None, open=False, force=False, ignoreVersion=False, executeScriptNodes=True, loadReferenceDepth=None, query=False, reference=False):
    global text
    if query and reference:
        return scene.get("references", [])
    with __builtins__["open"](path, "rb") as f:
        text = f.read()
    try:
        read = json.loads(text)
    except ValueError:
        raise RuntimeError("Error reading file.")
    scene.clear()
    scene.update(read)
    if scene.get("scripts") and executeScriptNodes:
        raise SystemExit("a script node ran")
    for camera in scene["cameras"]:
        attributes[camera + "Shape.renderable"] = camera == scene["cameras"][0]
    for layer in scene.get("layers", []):
        attributes[layer + ".renderable"] = True


def ls(type=None):
    if type == "camera":
        return [c + "Shape" for c in scene["cameras"]]
    if type == "renderLayer":
        return scene.get("layers", [])
    if type == "file":
        return sorted(scene.get("files", {}))
    return None


def listRelatives(node, parent=False):
    return [node[:-len("Shape")]]


def attributeQuery(name, node=None, exists=False, listEnum=False):
    if listEnum:
        return ["none:rle:zips:zip:piz"]
    return "%s.%s" % (node, name) in attributes


def getAttr(name):
    node, _, attribute = name.partition(".")
    if attribute == "fileTextureName":
        return scene["files"][node]
    return attributes[name]


def setAttr(name, value, type=None):
    if (type == "string") != isinstance(value, str):
        raise RuntimeError("setAttr: %s takes another type than %r" % (name, value))
    attributes[name] = value


def currentTime(frame):
    attributes["time1.outTime"] = frame
