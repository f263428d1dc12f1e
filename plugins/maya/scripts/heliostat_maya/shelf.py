"""The shelf button."""

from maya import cmds, mel

SHELF = "Heliostat"


def install_shelf():
    """Puts a Heliostat shelf with one button into Maya's interface; twice is once."""
    top = mel.eval("$heliostat_shelves = $gShelfTopLevel")
    if not cmds.shelfLayout(SHELF, exists=True):
        cmds.shelfLayout(SHELF, parent=top)
    for child in cmds.shelfLayout(SHELF, query=True, childArray=True) or []:
        cmds.deleteUI(child)
    cmds.shelfButton(parent=SHELF, label="Render", annotation="Render this scene on a Heliostat network", image1="render.png", sourceType="python",
                     command="import heliostat_maya; heliostat_maya.show()")
