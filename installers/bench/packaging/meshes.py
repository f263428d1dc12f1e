"""Saves the packaging benchmark's .blend files, uncompressed: run by Blender.

blender -b --factory-startup --python meshes.py -- make FOLDER SEED
blender -b --factory-startup --python meshes.py -- edit FROM.blend TO.blend

About 750 MB of meshes as artists have them: a displaced terrain with coordinates for
textures, a voxel-remeshed sculpture, a body with shape keys and weights, and a library of rocks.
"""

import os
import sys

import bpy
import numpy


def octaves(rng, rows, columns, cells, levels):
    """Returns a height field of rows x columns: interpolated random grids, each half as strong."""
    out = numpy.zeros((rows, columns), numpy.float32)
    strength = 1.0
    for _ in range(levels):
        grid = rng.standard_normal((cells + 2, cells + 2)).astype(numpy.float32)
        y = numpy.linspace(0, cells, rows, dtype=numpy.float32)
        x = numpy.linspace(0, cells, columns, dtype=numpy.float32)
        yi, xi = y.astype(int), x.astype(int)
        yf, xf = (y - yi)[:, None], (x - xi)[None, :]
        yf, xf = yf * yf * (3 - 2 * yf), xf * xf * (3 - 2 * xf)
        top = grid[yi][:, xi] * (1 - xf) + grid[yi][:, xi + 1] * xf
        bottom = grid[yi + 1][:, xi] * (1 - xf) + grid[yi + 1][:, xi + 1] * xf
        out += strength * (top * (1 - yf) + bottom * yf)
        strength *= 0.5
        cells *= 2
    return out


def grid_mesh(name, points, uv=True):
    """Makes a mesh of quads over points, an array of rows x columns x 3."""
    rows, columns = points.shape[:2]
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(rows * columns)
    mesh.vertices.foreach_set("co", points.astype(numpy.float32).ravel())
    first = (numpy.arange(rows - 1)[:, None] * columns + numpy.arange(columns - 1)[None, :]).ravel()
    quads = numpy.stack([first, first + 1, first + columns + 1, first + columns], 1).astype(numpy.int32)
    mesh.loops.add(quads.size)
    mesh.loops.foreach_set("vertex_index", quads.ravel())
    mesh.polygons.add(len(quads))
    mesh.polygons.foreach_set("loop_start", numpy.arange(0, quads.size, 4, dtype=numpy.int32))
    mesh.polygons.foreach_set("loop_total", numpy.full(len(quads), 4, numpy.int32))
    mesh.polygons.foreach_set("use_smooth", numpy.ones(len(quads), bool))
    mesh.update(calc_edges=True)
    if uv:
        layer = mesh.uv_layers.new(name="UVMap")
        row, column = numpy.divmod(quads.ravel(), columns)
        at = numpy.stack([column / (columns - 1), row / (rows - 1)], 1).astype(numpy.float32)
        layer.data.foreach_set("uv", at.ravel())
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def terrain(rng, side):
    height = octaves(rng, side, side, 6, 8) * 4 + rng.standard_normal((side, side)).astype(numpy.float32) * 0.002
    axis = numpy.linspace(-50, 50, side, dtype=numpy.float32)
    x, y = numpy.meshgrid(axis, axis)
    return grid_mesh("Terrain", numpy.stack([x, y, height], 2))


def ball(rng, name, rows, columns, rough, uv=True):
    """Makes a lumpy sphere: rocks, a body."""
    up = numpy.linspace(0.01, numpy.pi - 0.01, rows)[:, None]
    around = numpy.linspace(0, 2 * numpy.pi, columns)[None, :]
    radius = 1 + rough * octaves(rng, rows, columns, 5, 7)
    radius = radius + rng.standard_normal(radius.shape) * 2e-4
    points = numpy.stack([radius * numpy.sin(up) * numpy.cos(around), radius * numpy.sin(up) * numpy.sin(around), radius * numpy.cos(up) + 0 * around], 2)
    return grid_mesh(name, points, uv)


def sculpture(rng):
    """Voxel remeshing gives the vertex order of sculpting and scans, which no grid has."""
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=7)
    thing = bpy.context.object
    thing.name = "Sculpture"
    count = len(thing.data.vertices)
    at = numpy.empty(count * 3, numpy.float32)
    thing.data.vertices.foreach_get("co", at)
    at = at.reshape(-1, 3)
    lumps = sum(numpy.sin(at @ rng.standard_normal(3) * 3 * i + i) / i for i in range(1, 12))
    at = at * (1 + 0.1 * lumps + 0.002 * rng.standard_normal(count))[:, None]
    thing.data.vertices.foreach_set("co", at.astype(numpy.float32).ravel())
    remesh = thing.modifiers.new("Remesh", "REMESH")
    remesh.mode, remesh.voxel_size = "VOXEL", 0.005
    bpy.context.view_layer.update()
    mesh = bpy.data.meshes.new_from_object(thing.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    mesh.name = "Sculpture"
    old, thing.data = thing.data, mesh
    thing.modifiers.clear()
    bpy.data.meshes.remove(old)
    return thing


def body(rng):
    thing = ball(rng, "Body", 300, 500, 0.05)
    base = numpy.empty(len(thing.data.vertices) * 3, numpy.float32)
    thing.data.vertices.foreach_get("co", base)
    thing.shape_key_add(name="Basis")
    for i in range(6):
        key = thing.shape_key_add(name="Pose %d" % i)
        moved = base.reshape(-1, 3).copy()
        here = numpy.exp(-numpy.sum((moved - rng.standard_normal(3)) ** 2, 1) * 4)[:, None]
        key.data.foreach_set("co", (moved + here * rng.standard_normal(3) * 0.3).astype(numpy.float32).ravel())
    group = thing.vertex_groups.new(name="Arm")
    for i in range(0, 20000):
        group.add([i], i / 20000, "REPLACE")
    return thing


def make(folder, seed):
    rng = numpy.random.default_rng(seed)
    plain = {"compress": False, "check_existing": False}
    os.makedirs(os.path.join(folder, "lib"), exist_ok=True)

    bpy.ops.wm.read_factory_settings(use_empty=True)
    rocks = bpy.data.collections.new("Rocks")
    bpy.context.scene.collection.children.link(rocks)
    for i in range(12):
        thing = ball(rng, "Rock %d" % i, 380 + 20 * i, 400 + 10 * i, 0.12)
        bpy.context.scene.collection.objects.unlink(thing)
        rocks.objects.link(thing)
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, "lib", "rocks.blend"), **plain)

    bpy.ops.wm.read_factory_settings(use_empty=True)
    terrain(rng, 1600)
    sculpture(rng)
    body(rng)
    bpy.ops.mesh.primitive_cube_add(location=(3, 0, 5))
    bpy.context.object.name = "Marker"
    with bpy.data.libraries.load(os.path.join(folder, "lib", "rocks.blend"), link=True) as (there, here):
        here.collections = there.collections
    for linked in here.collections:
        bpy.context.scene.collection.children.link(linked)
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, "scene.blend"), relative_remap=True, **plain)


def edit(source, target):
    bpy.ops.wm.open_mainfile(filepath=source)
    bpy.data.objects["Marker"].location.x += 1.5
    bpy.ops.wm.save_as_mainfile(filepath=target, copy=True, compress=False, relative_remap=False)


arguments = sys.argv[sys.argv.index("--") + 1:]
if arguments[0] == "make":
    make(os.path.abspath(arguments[1]), int(arguments[2]))
else:
    edit(os.path.abspath(arguments[1]), os.path.abspath(arguments[2]))
