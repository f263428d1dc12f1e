"""Tests of the Maya module with a stand-in for maya.cmds; no Maya takes part.

The window's test needs the real library in HELIOSTAT_LIBRARY and a stand-in manager in
HELIOSTAT_STUB, as plugins/maya's Go test gives them.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "scripts"), os.path.join(HERE, "..", "..", "python")]

import fake_maya

GLOBALS = {"defaultRenderGlobals.startFrame": 1.0, "defaultRenderGlobals.endFrame": 2.0, "defaultRenderGlobals.byFrameStep": 1.0, "defaultRenderGlobals.imageFormat": 32,
           "defaultRenderGlobals.currentRenderer": "arnold", "defaultResolution.width": 64, "defaultResolution.height": 36}


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        for name in ("scenes/shot.ma", "scenes/ref.ma", "sourceimages/a.1001.png", "sourceimages/a.1002.png"):
            path = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(name * 100)

    def maya(self, texture="sourceimages/a.<UDIM>.png", **changes):
        options = dict(scene=os.path.join(self.root, "scenes", "shot.ma"), root=self.root, references=[os.path.join(self.root, "scenes", "ref.ma") + "{1}"],
                       nodes={"file": ["file1"]}, attributes=dict(GLOBALS, **{"file1.fileTextureName": os.path.join(self.root, texture)}))
        options.update(changes)
        cmds = fake_maya.Cmds(**options)
        fake_maya.install(cmds)
        return cmds


class Collect(Case):
    def test_everything(self):
        self.maya()
        import heliostat_maya
        made = heliostat_maya.describe()
        self.assertEqual([file["name"] for file in made["files"]], ["scenes/ref.ma", "scenes/shot.ma", "sourceimages/a.1001.png", "sourceimages/a.1002.png"])
        self.assertEqual((made["findings"], made["frames"], made["main"]), ([], [1, 2], "scenes/shot.ma"))

    def test_missing_and_outside(self):
        self.maya(texture="sourceimages/gone.png", references=["/etc/hostname"], modified=True)
        import heliostat_maya
        self.assertEqual(sorted(found["code"] for found in heliostat_maya.describe()["findings"]), ["missing_file", "outside_file", "unsaved"])

    def test_formats(self):
        for number, engine, codec, errors in ((32, "vray", None, 0), (51, "arnold", "ZIP", 0), (51, "redshift", "ZIP", 1), (8, "arnold", None, 1)):
            cmds = self.maya()
            cmds.attributes.update({"defaultRenderGlobals.imageFormat": number, "defaultRenderGlobals.currentRenderer": engine})
            import heliostat_maya
            made = heliostat_maya.describe()
            self.assertEqual((made["recipe"].get("exrCodec"), [f["code"] for f in made["findings"]]), (codec, ["output_format"] * errors), (number, engine))

    def test_never_saved(self):
        self.maya(scene="")
        import heliostat_maya
        with self.assertRaisesRegex(RuntimeError, "never saved"):
            heliostat_maya.describe()

    def test_shelf_twice(self):
        cmds = self.maya()
        import heliostat_maya
        heliostat_maya.install_shelf()
        heliostat_maya.install_shelf()
        self.assertEqual(cmds.shelves, {"Heliostat": ["Render"]})


class Window(Case):
    def test_quote_and_frames(self):
        cmds = self.maya()
        stub = subprocess.Popen([os.environ["HELIOSTAT_STUB"], "--data", os.path.join(self.root, "stub")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(stub.stdout.close)
        self.addCleanup(stub.wait)
        self.addCleanup(stub.terminate)
        os.environ["XDG_DATA_HOME"] = self.root
        import heliostat_maya
        window = heliostat_maya.show(re.search(r"address=(\S+)", stub.stdout.readline()).group(1))
        self.addCleanup(window.connection.close)
        cmds.buttons["Cancel"]()
        self.assertEqual(cmds.labels[window.text], "submit the scene first")
        cmds.buttons["Submit"]()
        self.until(cmds, window, "confirm:")
        self.assertIn("Connected to", cmds.labels[window.state])
        cmds.buttons["Accept Quote"]()
        self.until(cmds, window, "delivered:")
        self.assertTrue(os.path.isfile(os.path.join(self.root, "images", "shot.0002.png")))

    def until(self, cmds, window, start):
        # The stand-in is another process: the library's own bounded wait watches it.
        window.job.wait({start.rstrip(":")}, 20)
        cmds.idle()
        self.assertTrue(cmds.labels[window.text].startswith(start), cmds.labels[window.text])


if __name__ == "__main__":
    unittest.main()
