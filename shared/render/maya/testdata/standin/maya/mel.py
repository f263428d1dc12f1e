import hashlib
import os
import re
import struct
import time
import zlib

from . import cmds


def eval(text):
    engine = re.fullmatch(r'mayaBatchRenderProcedure\(0, "", "", "(\w+)", ""\)', text).group(1)
    a = cmds.attributes
    if engine == "arnold" and "mtoa" not in cmds.plugins or a["defaultRenderGlobals.currentRenderer"] != engine:
        raise RuntimeError("renderer %s is not registered" % engine)
    if cmds.scene.get("memory"):
        raise RuntimeError("Out of memory")
    frame = a["defaultRenderGlobals.startFrame"]
    w, h = a["defaultResolution.width"], a["defaultResolution.height"]
    samples = a.get("defaultArnoldRenderOptions.AASamples", 3)
    for i in range(min(samples, 100000)):
        if i % max(1, samples // 10) == 0:
            print("00:00:01   120MB         |  %3d%% done - 4 rays/pixel" % (100 * i // samples), flush=True)
        if samples > 1000:
            time.sleep(0.01)
    key = cmds.text + repr((frame, samples, a.get("defaultArnoldRenderOptions.AASeed"), a["defaultRenderGlobals.imageFormat"])).encode()
    rows = b""
    for y in range(h):
        row = b"".join(hashlib.sha256(key + struct.pack(">II", x, y)).digest() for x in range(0, w * 3 // 32 + 1))
        rows += b"\0" + row[:w * 3]
    name = "%s.%04d.%s" % (a["defaultRenderGlobals.imageFilePrefix"], frame, "exr" if a["defaultRenderGlobals.imageFormat"] == 51 else "png")
    with open(os.path.join(cmds.images, name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")):
            f.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
