"""Tests of the heliostat package against the real library and a stand-in manager.

    HELIOSTAT_LIBRARY=libheliostat.so HELIOSTAT_STUB=stub python3 -m unittest discover -s tests

Go's TestPython in plugins/python builds both and runs this.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import heliostat
from heliostat.library import Library


class Stub:
    """The stand-in manager's process."""

    def __init__(self, *flags):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen([os.environ["HELIOSTAT_STUB"], "--data", self.folder.name, *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = re.match(r"ready address=(\S+)", self.process.stdout.readline()).group(1)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stub = Stub("--pace", "40ms")

    @classmethod
    def tearDownClass(cls):
        cls.stub.close()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def connect(self, **options):
        connection = heliostat.Connection(manager=self.stub.address, data=os.path.join(self.folder, "data"), **options)
        self.addCleanup(connection.close)
        return connection

    def scene(self, **changes):
        main = os.path.join(self.folder, "shöt.blend")
        with open(main, "w") as file:
            file.write("BLENDER" * 1000)
        made = {
            "heliostat": 1, "name": "shöt", "main": "shöt.blend", "files": [{"name": "shöt.blend", "path": main, "kind": "scene"}],
            "recipe": {"renderer": "blender", "version": "3.4.1", "engine": "CYCLES", "mainFile": "shöt.blend", "width": 32, "height": 18, "device": "CPU", "format": "PNG"},
            "frames": [1, 2], "output": {"pattern": os.path.join(self.folder, "out", "####"), "extension": ".png"},
        }
        made.update(changes)
        return made


class WholeWay(Case):
    def test_quote_frames_settlement(self):
        job = self.connect().start(self.scene())
        quoted = job.wait({"confirm"}, 20)
        self.assertEqual(quoted["name"], "shöt")
        self.assertGreater(quoted["quote"]["ceiling"], 0)
        job.accept_quote()
        seen = []
        here = job.wait({"delivered"}, 20, each=lambda now: seen.append(now["here"]))
        self.assertEqual(here["here"], 2)
        self.assertEqual(seen, sorted(seen))
        for frame in here["frames"]:
            with open(frame["path"], "rb") as file:
                self.assertEqual(file.read(4), b"\x89PNG")
        job.accept_frames()
        job.wait({"settled"}, 20)

    def test_reject(self):
        job = self.connect().start(self.scene())
        job.wait({"confirm"}, 20)
        job.reject_quote()
        job.wait({"rejected"}, 20)

    def test_cancel(self):
        job = self.connect().start(self.scene(frames=list(range(1, 500)), acceptQuote=True))
        job.wait({"render"}, 20)
        job.cancel("enough")
        self.assertEqual(job.wait({"cancelled"}, 20)["job"]["cause"], "enough")

    def test_resume(self):
        first = self.connect()
        key = first.start(self.scene()).wait({"confirm"}, 20)["key"]
        first.close()
        second = self.connect()
        self.assertEqual(second.list()[0]["key"], key)
        second.resume(key).wait({"confirm"}, 20)

    def test_preflight(self):
        scene = self.scene(checkOnly=True)
        scene["files"].append({"name": "gone.png", "path": os.path.join(self.folder, "gone.png"), "user": 'Image "gone"', "kind": "image"})
        found = self.connect().start(scene).wait({"checked"}, 20)["findings"]
        self.assertEqual([(one["level"], one["code"]) for one in found], [("error", "missing_file")])


class Errors(Case):
    def test_no_manager(self):
        connection = heliostat.Connection(manager="http://127.0.0.1:9", data=self.folder, connectSeconds=0.3)
        self.addCleanup(connection.close)
        with self.assertRaisesRegex(heliostat.HeliostatError, "no manager answers at http://127.0.0.1:9; start one"):
            connection.start(self.scene()).wait({"confirm"}, 20)

    def test_bad_address(self):
        with self.assertRaisesRegex(heliostat.HeliostatError, "address"):
            heliostat.Connection(manager="nonsense", data=self.folder)

    def test_bad_scene(self):
        with self.assertRaisesRegex(heliostat.HeliostatError, "version 7"):
            self.connect().start({"heliostat": 7})

    def test_closed(self):
        connection = self.connect()
        job = connection.start(self.scene())
        connection.close()
        for call in (job.status, job.cancel, job.accept_quote, job.release, connection.status):
            with self.assertRaisesRegex(heliostat.HeliostatError, "no open"):
                call()

    def test_wrong_moment(self):
        job = self.connect().start(self.scene())
        job.wait({"confirm"}, 20)
        with self.assertRaisesRegex(heliostat.HeliostatError, "no delivery"):
            job.accept_frames()

    def test_library(self):
        with self.assertRaisesRegex(heliostat.LibraryError, "no library at"):
            heliostat.find_library(os.path.join(self.folder, "none.so"))
        broken = os.path.join(self.folder, "broken.so")
        open(broken, "w").close()
        with self.assertRaisesRegex(heliostat.LibraryError, "can't be loaded"):
            Library(broken)

    def test_errors_belong_to_threads(self):
        library = Library.load()
        wrong = []

        def provoke(number):
            for _ in range(200):
                try:
                    library.read("heliostat_poll", 10_000 + number)
                except heliostat.HeliostatError as error:
                    if str(10_000 + number) not in str(error):
                        wrong.append(str(error))
        threads = [threading.Thread(target=provoke, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Leaks(Case):
    def test_nothing_is_left(self):
        library = Library.load()
        scene = self.scene()

        def once():
            with self.connect() as connection:
                job = connection.start(scene)
                job.wait({"confirm"}, 20, every=0.005)
                for _ in range(50):
                    job.status()
                    connection.status()
        once()
        before, memory = library.read("heliostat_counts"), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(20):
            once()
        for _ in range(20_000):
            library.read("heliostat_counts")
        after = library.read("heliostat_counts")
        self.assertEqual({key: after[key] for key in ("connections", "submissions", "texts")}, {key: before[key] for key in ("connections", "submissions", "texts")}, json.dumps(after))
        self.assertLess(after["goroutines"], before["goroutines"] + 10)
        self.assertLess(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory, 60_000, "kilobytes of growth")


if __name__ == "__main__":
    unittest.main()
