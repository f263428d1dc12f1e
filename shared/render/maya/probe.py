# Runs once inside mayapy and prints one line of what this Maya can render with.
import json

import maya.standalone

maya.standalone.initialize(name="python")
from maya import cmds  # noqa: E402 - it exists only after initialize

engines = ["mayaSoftware"]
for engine, plugin in (("arnold", "mtoa"), ("redshift", "redshift4maya"), ("vray", "vrayformaya")):
    try:
        cmds.loadPlugin(plugin, quiet=True)
        engines.append(engine)
    except RuntimeError:
        pass  # it isn't installed
print("\nHELIOSTAT " + json.dumps({"version": cmds.about(version=True), "engines": engines}), flush=True)
