"""A stand-in for the parts of maya.cmds and maya.mel that heliostat_maya calls."""

import sys
import types


class Cmds:
    def __init__(self, scene="", root="", references=(), nodes=None, attributes=None, modified=False):
        self.scene, self.root, self.references, self.modified = scene, root, list(references), modified
        self.nodes, self.attributes = nodes or {}, attributes or {}
        self.labels, self.buttons, self.idle, self.shelves = {}, {}, None, {}

    def file(self, query=True, sceneName=False, modified=False, reference=False):
        if sceneName:
            return self.scene
        return self.modified if modified else self.references

    def workspace(self, query=True, rootDirectory=True):
        return self.root

    def ls(self, type):
        return self.nodes.get(type)

    def getAttr(self, name):
        return self.attributes[name]

    def about(self, version=True):
        return "2024"

    def window(self, name, exists=False, **_):
        return False if exists else name

    def text(self, name=None, edit=False, label="", **_):
        name = name if edit else "text%d" % len(self.labels)
        self.labels[name] = label
        return name

    def progressBar(self, name="bar", **_):
        return name

    def button(self, label, command):
        self.buttons[label] = command

    def scriptJob(self, event, parent):
        self.idle = event[1]

    def columnLayout(self, **_):
        pass

    def showWindow(self, _):
        pass

    def deleteUI(self, child):
        for children in self.shelves.values():
            if child in children:
                children.remove(child)

    def shelfLayout(self, name, exists=False, query=False, **_):
        if exists:
            return name in self.shelves
        return list(self.shelves.setdefault(name, []))

    def shelfButton(self, parent, label, **_):
        self.shelves[parent].append(label)


def install(cmds):
    """Makes `from maya import cmds, mel` give the stand-in."""
    maya = types.ModuleType("maya")
    maya.cmds, maya.mel = cmds, types.SimpleNamespace(eval=lambda _: "ShelfLayout")
    sys.modules["maya"] = maya
    for name in [name for name in sys.modules if name.startswith("heliostat_maya")]:
        del sys.modules[name]
