# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for what would make the network render something else than the artist sees.

Only what Blender alone can know is checked here; files, output and the network's own
abilities are checked by plugins/submit, for every host alike.
"""

import bpy

from .findings import ERROR, NOTE, WARNING, finding
from .recipe import ENGINES, FORMATS, MOVIES, composites, denoises
from .reached import Reached
from .references import point_caches

OPTIX = 2  # of Cycles' denoisers, as the file keeps it


def preflight(scene, numbers, told=None):
    """Findings for rendering the given frames of the scene.

    told: what the artist's own Blender says of itself, see told().
    """
    found, told = [], told or {}
    found += _camera(scene, numbers)
    found += _layers(scene)
    found += _range(numbers)
    found += _format(scene)
    found += _engine(scene, told.get("engine", ""))
    found += _addons(scene, told)
    found += _scripts()
    found += _region(scene)
    found += _simulations()
    found += _writers(scene)
    return found


def told(scene):
    """What only the artist's own Blender knows: the description is made in another one, without add-ons.

    engine: the render engine, which is replaced where it isn't installed. handlers:
    modules whose code changes the scene from frame to frame.
    """
    handlers = set()
    for moment in ("frame_change_pre", "frame_change_post", "render_init", "render_pre"):
        for handler in getattr(bpy.app.handlers, moment):
            module = getattr(handler, "__module__", "") or ""
            name = module.partition(".")[0]
            if name and name not in {__package__.partition(".")[0], "bpy", "bl_ext"}:
                handlers.add(name)
    return {"engine": scene.render.engine, "handlers": sorted(handlers)}


# What tiles carry of a frame that is denoised once they are joined, by the names of a Render Layers node's outputs. Of one
# that isn't they carry every pass: shared/render/blender/develop.py.
CARRIED = {"Image", "Noisy Image", "Alpha", "Denoising Albedo", "Denoising Normal"}


def whole(scene):
    """Findings that count only where a still is to be rendered in tiles: its compositor runs once they are joined, and
    needs more then than tiles carry."""
    if not composites(scene):
        return []
    found, tree = [], scene.node_tree
    fix = "render it without tiles"

    def needs(text, fix):
        found.append(finding(ERROR, "tiles", "a still of this scene can't be joined from tiles: its compositor " + text, fix))

    if scene.render.use_multiview and _mixes_eyes(tree, set()):
        needs("mixes the eyes", fix)
    for source in tree.nodes:
        if source.type != "R_LAYERS" or source.mute:
            continue
        used = {link.from_socket.name for link in tree.links if link.from_node == source}
        if source.scene not in (scene, None) and used:
            needs('renders the scene "%s" too' % source.scene.name, fix)
        missing = sorted(used - CARRIED) if denoises(scene) else []
        if missing:
            needs("uses %s of the view layer \"%s\", which tiles don't carry where they are denoised" % (", ".join(missing), source.layer),
                  fix + ", or unlink them, or denoise with a Denoise node instead of Render Properties > Sampling > Render > Denoise")
        elif "Vector" in used and bpy.app.version >= (4, 0, 0):
            needs("uses Vector of the view layer \"%s\", which tiles don't carry" % source.layer, fix + ", or unlink it")
    for node in tree.nodes:
        if node.type == "CRYPTOMATTE_V2" and not node.mute and node.source == "RENDER" and node.scene in (scene, None):
            needs('has the Cryptomatte node "%s", whose numbers tiles don\'t carry' % node.name, fix + ", or mute it and key the delivered files' own passes")
    return found


def _mixes_eyes(tree, seen):
    if tree is None or tree in seen:
        return False
    seen.add(tree)
    return any(not node.mute and (node.type == "SWITCH_VIEW" or node.type == "GROUP" and _mixes_eyes(node.node_tree, seen)) for node in tree.nodes)


def _addons(scene, told):
    """What the scene has of add-ons: workers have none."""
    found, reached = [], Reached(scene)
    owners = [(one.node_tree, one) for group in (bpy.data.materials, bpy.data.worlds, bpy.data.lights, bpy.data.linestyles, bpy.data.scenes) for one in group]
    owners += [(tree, tree) for tree in bpy.data.node_groups]
    for tree, owner in owners:
        if not tree or owner not in reached:
            continue
        if tree.bl_idname == "NodeTreeUndefined":
            found.append(finding(WARNING, "addon", 'the node tree "%s" belongs to an add-on that workers don\'t have' % tree.name,
                                 "bake what it changes into keyframes or meshes", user=owner.name))
            continue
        for node in tree.nodes:
            if node.bl_idname == "NodeUndefined":
                found.append(finding(ERROR, "addon", 'the node "%s" of "%s" belongs to an add-on that workers don\'t have' % (node.label or node.name, owner.name),
                                     "replace it by Blender's own nodes, or bake its result to a texture", user=owner.name))
    for name in told.get("handlers", ()):
        found.append(finding(WARNING, "addon", 'the add-on or script "%s" runs at every frame, which it doesn\'t on workers' % name,
                             "bake what it changes, or switch it off to see what workers render"))
    return found


def _camera(scene, numbers):
    bound = sorted((marker for marker in scene.timeline_markers if marker.camera), key=lambda marker: marker.frame)
    if not scene.camera and not bound:
        return [finding(ERROR, "no_camera", 'scene "%s" has no camera' % scene.name, "add one and make it active with View > Cameras > Set Active Object as Camera")]
    found = []

    def blind(who, thing, fix):
        found.append(finding(WARNING, "camera", '%s "%s", which is no camera: Blender looks from where it stands through a lens that can\'t be set' % (who, thing.name), fix, user=thing.name))

    if not bound and scene.camera.type != "CAMERA":
        blind('scene "%s" is seen from' % scene.name, scene.camera, "make a camera active with View > Cameras > Set Active Object as Camera")
    # The last marker at or before a frame counts, before all of them the first.
    used = {max([i for i, marker in enumerate(bound) if marker.frame <= number], default=0) for number in numbers} if bound else set()
    for i in sorted(used):
        if bound[i].camera.type != "CAMERA":
            blind('from frame %d on the marker "%s" switches to' % (bound[i].frame, bound[i].name), bound[i].camera,
                  "bind it to a camera with Marker > Bind Camera to Markers, or delete it")
    return found


def _layers(scene):
    off = {layer.name for layer in scene.view_layers if not layer.use}
    fix = "switch View Layer Properties > View Layer > Use for Rendering on"
    if len(off) == len(scene.view_layers):
        return [finding(ERROR, "no_view_layer", 'no view layer of the scene "%s" is used for rendering: its frames would be empty' % scene.name, fix)]
    if not composites(scene):
        return []
    wanted = {node.layer for node in scene.node_tree.nodes
              if node.type == "R_LAYERS" and not node.mute and node.scene in (scene, None) and any(one.is_linked for one in node.outputs)}
    return [finding(WARNING, "view_layer", 'the compositor uses the view layer "%s", which isn\'t used for rendering: it is empty there' % name, fix + ", or mute the node") for name in sorted(wanted & off)]


def _range(numbers):
    if numbers:
        return []
    return [finding(ERROR, "empty_range", "the frame range is empty", "set Output Properties > Frame Range so that the end isn't before the start")]


def _format(scene):
    kind = scene.render.image_settings.file_format
    fix = "set Output Properties > Output > File Format to PNG or OpenEXR"
    if kind in MOVIES:
        return [finding(ERROR, "movie_output", "the output is a movie (%s), but frames are rendered on many machines" % kind, fix + ", and make the movie from the delivered frames with `heliostat job encode`")]
    if kind not in FORMATS:
        return [finding(ERROR, "output_format", "the network can't deliver %s files" % kind, fix)]
    return []


def _engine(scene, chosen):
    found = []
    engine = chosen or scene.render.engine
    if engine not in ENGINES:
        return [finding(ERROR, "engine", "the render engine %s is an add-on that workers don't have" % engine, "render with Cycles, EEVEE or Workbench")]
    if engine != "CYCLES":
        return found
    cycles = scene.cycles
    if getattr(cycles, "shading_system", False):
        if cycles.device == "GPU":
            found.append(finding(WARNING, "osl", "the scene uses Open Shading Language on a GPU, where Cycles leaves it out or needs OptiX", "set Render Properties > Device to CPU, or switch Open Shading Language off"))
        else:
            found.append(finding(WARNING, "osl", "the scene uses Open Shading Language, which only some workers have", "switch Open Shading Language off unless a shader needs it"))
    if cycles.device == "GPU":
        found.append(finding(WARNING, "gpu_only", "the scene renders on a GPU: workers that have only a CPU won't take it", "set Render Properties > Device to CPU if any worker may render it"))
    if denoises(scene) and cycles.get("denoiser") == OPTIX:
        found.append(finding(WARNING, "gpu_only", "the scene denoises with OptiX, which needs an NVIDIA GPU", "set Render Properties > Sampling > Render > Denoise > Denoiser to OpenImageDenoise"))
    if cycles.time_limit > 0:
        found.append(finding(NOTE, "time_limit", "the render time limit is not used: it would make machines differ", "set the sample count instead"))
    if getattr(cycles, "use_guiding", False):
        found.append(finding(NOTE, "guiding", "path guiding is not used: its result differs between machines", "switch Path Guiding off to see what is rendered"))
    return found


def _scripts():
    if not bpy.app.autoexec_fail:
        return []
    return [finding(ERROR, "scripts", "the scene needs a script or a scripted driver to run: %s" % (bpy.app.autoexec_fail_message or "auto-run"),
                    "workers never run a scene's scripts: bake the driven values, or use a simple expression")]


def _region(scene):
    found = []
    if scene.render.use_border:
        found.append(finding(WARNING, "render_region", "the render region is ignored: whole frames are rendered", "switch Output Properties > Format > Render Region off"))
    if scene.render.use_multiview:
        found.append(finding(NOTE, "stereo", "stereoscopy is on: the first view comes as the frame, the others as files beside it"))
    editor = scene.sequence_editor
    if scene.render.use_sequencer and editor and len(editor.sequences):
        found.append(finding(ERROR, "sequencer", "the scene renders its video sequencer instead of its camera", "switch Output Properties > Post Processing > Sequencer off"))
    return found


def _simulations():
    found = []
    for holder in bpy.data.objects:
        if holder.hide_render or not holder.users:
            continue
        moving = [cache for cache in point_caches(holder) if not cache.is_baked and not cache.use_external]
        particles = [system for system in holder.particle_systems if system.settings.type == "HAIR" and not system.use_hair_dynamics]
        if len(moving) > len(particles):
            found.append(finding(WARNING, "unbaked", 'the simulation of "%s" is not baked: frames rendered on different machines won\'t match' % holder.name,
                                 "bake it, or use Object > Bake All Dynamics, and save", user=holder.name))
    for holder in bpy.data.objects:
        for modifier in holder.modifiers:
            if holder.users and not holder.hide_render and modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN" and not modifier.domain_settings.has_cache_baked_data:
                found.append(finding(WARNING, "unbaked", 'the fluid of "%s" is not baked: frames rendered on different machines won\'t match' % holder.name,
                                     "set the domain's cache to All or Modular, bake it, and save", user=holder.name))
    for scene in bpy.data.scenes:
        world = scene.rigidbody_world
        if world and world.enabled and not world.point_cache.is_baked:
            found.append(finding(WARNING, "unbaked", 'the rigid bodies of scene "%s" are not baked: frames rendered on different machines won\'t match' % scene.name,
                                 "use Scene Properties > Rigid Body World > Cache > Bake, and save", user=scene.name))
    return found


def _writers(scene):
    if not composites(scene):
        return []
    writers = [node.name for node in scene.node_tree.nodes if node.type == "OUTPUT_FILE" and not node.mute]
    if not writers:
        return []
    return [finding(NOTE, "file_output", "what the File Output nodes %s write comes beside the frames, whatever their own folder" % ", ".join(writers))]
