# From a master to the delivered image: compositor, view transform and file format, without
# sampling. Stands in front of session.py.
import os

import bpy

# What a master carries, by the names of a Render Layers node's outputs.
CARRIED = ("Image", "Noisy Image", "Alpha")

# What it carries beside that where it is denoised here.
GUIDES = ("Denoising Albedo", "Denoising Normal")


def develop(session, cmd):
    """Makes the delivered images from a master, one for each eye; without a master, only tells
    whether that can be done. Copies of the scene are changed, so that the loaded one stays as
    it is."""
    before = os.times()
    original = session.scene
    if cmd["exact"]:
        check_carried(session, original)
    if not cmd["master"]:
        answer(event="done", id=cmd["id"])
        return
    for output in session.outputs:
        output.aim(cmd)
    image = bpy.data.images.load(cmd["master"], check_existing=False)
    at = original.frame_current
    finals, files, sampled = [], [], False
    try:
        # Blender takes the frame from the scene in its context, which is the loaded one.
        original.frame_current = cmd["frame"]
        for view in session.views() or [None]:
            path, more = develop_eye(session, cmd, image, view)
            sampled = sampled or more
            finals.append(path)
            files += keep_extras(session, cmd, view, files)
    finally:
        bpy.data.images.remove(image)
        original.frame_current = at
    for view, path in list(zip(session.views(), finals))[1:]:
        files.append({"path": path, "name": "%04d%s%s" % (cmd["frame"], view.file_suffix, os.path.splitext(path)[1])})
    answer(event="done", id=cmd["id"], final=finals[0], sampled=sampled, files=files, **usage(before))


def develop_eye(session, cmd, image, view):
    """Makes one eye's image, or the only one. Each is developed alone, as a scene with one eye.
    Returns its path, and whether anything was sampled for it."""
    original = session.scene
    # A master of several eyes calls their layers "layer@eye".
    eye = "@" + view.name if len(session.views()) > 1 else ""
    scene = original.copy()
    try:
        r = scene.render
        r.use_multiview = False
        scene.frame_current = cmd["frame"]
        sampled = feed_master(session, scene, image, eye, cmd["rough"])
        if sampled and view is not None:
            raise Refused("scene", "it is stereoscopic and its compositor uses passes beside the image, which can't be made from a master")
        if sampled and r.engine == "CYCLES":
            scene.cycles.seed = cmd["seed"]
            scene.cycles.samples = max(4, scene.cycles.samples // 8)
            scene.cycles.use_denoising = False
        r.use_border = r.use_crop_to_border = False
        # The same master gives the same bytes, whoever develops it.
        r.use_stamp_date = r.use_stamp_render_time = False
        r.filepath = os.path.join(cmd["dir"], cmd["name"] + (view.file_suffix if view else ""))
        try:
            done = bpy.ops.render.render(write_still=True, scene=scene.name)
        except RuntimeError as e:
            raise refusal(clean(e))
        if "FINISHED" not in done:
            raise Refused("crashed", "Blender gave up on developing frame %d" % cmd["frame"])
        return r.filepath + r.file_extension, sampled
    finally:
        bpy.data.scenes.remove(scene)


def keep_extras(session, cmd, view, before):
    """The File Output nodes' new files, with the eye's suffix, which a render puts there itself."""
    found = []
    for one in session.extras(cmd, keep=True):
        if any(one["path"] == known["path"] for known in before):
            continue
        if view is not None:
            def marked(name):
                stem, ending = os.path.splitext(name)
                return stem + view.file_suffix + ending
            os.rename(one["path"], marked(one["path"]))
            one = {"path": marked(one["path"]), "name": marked(one["name"])}
        found.append(one)
    return found


def carried_passes(session):
    """The passes beside the image that a master carries: those that the compositor reads. Other engines' aren't:
    what they sample can't be held to a tile. One that is denoised here carries its guides instead."""
    scene = session.scene
    # Border renders switch compositing off, and carry the same.
    if scene.render.engine != "CYCLES" or session.denoised or not session.recipe.get("compositing") or not scene.use_nodes:
        return []
    found = set()
    for source in [n for n in scene.node_tree.nodes if n.type == "R_LAYERS" and not n.mute and n.scene == scene]:
        for link in scene.node_tree.links:
            name = link.from_socket.name
            if link.from_node == source and name not in CARRIED and carriable(name):
                found.add((source.layer, name))
    return sorted(found)


def carriable(name):
    """From Blender 4 on speed vectors have four numbers, and no node takes a vector of four out of a file."""
    return name != "Vector" or bpy.app.version < (4, 0, 0)


def composited(scene):
    return scene.render.use_compositing and scene.use_nodes and scene.node_tree is not None


def check_carried(session, scene):
    """Refuses a compositor that needs more than the master."""
    if not composited(scene):
        return
    if scene.render.use_multiview and has_node(scene.node_tree, "SWITCH_VIEW", set()):
        raise Refused("scene", "its compositor mixes the eyes, which can't be made from a master; submit it without tiles")
    if mattes(scene.node_tree, scene, None):
        raise Refused("scene", "its compositor has a Cryptomatte node, whose numbers a master doesn't carry; submit it without tiles")
    for source in [n for n in scene.node_tree.nodes if n.type == "R_LAYERS" and not n.mute]:
        used = sorted({l.from_socket.name for l in scene.node_tree.links if l.from_node == source})
        if source.scene not in (scene, None) and used:
            raise Refused("scene", "its compositor renders scene %r too, which can't be made from a master; submit it without tiles" % source.scene.name)
        more = missed(session, used)
        if more:
            raise Refused("scene", "its compositor uses %s, which a master doesn't carry; submit it without tiles" % ", ".join(more))


def missed(session, passes):
    """Those of some passes that the master doesn't carry, see carried_passes."""
    if session.scene.render.engine == "CYCLES" and not session.denoised:
        return [name for name in passes if not carriable(name)]
    return [name for name in passes if name not in CARRIED + (GUIDES if session.denoised else ())]


def mattes(tree, *scenes):
    """The Cryptomatte nodes that read a render of one of the scenes."""
    return [n for n in tree.nodes if n.type == "CRYPTOMATTE_V2" and not n.mute and n.source == "RENDER" and n.scene in scenes]


def typed(tree, socket, like):
    """Gives a pass of a file, which has a colour of everything, the type that it has as a render's."""
    if socket.type == like.type:
        return socket
    apart, joined = tree.nodes.new("CompositorNodeSeparateXYZ"), tree.nodes.new("CompositorNodeCombineXYZ")
    tree.links.new(socket, apart.inputs[0])
    for a, b in zip(apart.outputs, joined.inputs):
        tree.links.new(a, b)
    return joined.outputs[0]


def feed_master(session, scene, image, eye, rough):
    """Puts a master in the place of what the scene, a copy of the session's, would render. Tells whether the compositor
    uses other passes too, which are then still rendered."""
    if not composited(scene):
        scene.use_nodes = scene.render.use_compositing = True
        tree = scene.node_tree
        tree.nodes.clear()
        out, source = tree.nodes.new("CompositorNodeComposite"), tree.nodes.new("CompositorNodeRLayers")
        source.scene, source.layer = scene, next(layer.name for layer in scene.view_layers if layer.use)
        for name in ("Image", "Alpha"):
            tree.links.new(source.outputs[name], out.inputs[name])
    tree, sampled = scene.node_tree, False
    for matte in mattes(tree, scene, session.scene):
        # It reads the render's own numbers, behind the Render Layers nodes' back: the scene is rendered for it.
        source = tree.nodes.new("CompositorNodeRLayers")
        matte.scene = source.scene = scene
        sampled = True
    for source in [n for n in tree.nodes if n.type == "R_LAYERS" and not n.mute and n.scene in (scene, session.scene)]:
        master = tree.nodes.new("CompositorNodeImage")
        master.image = image
        try:
            master.layer = source.layer + eye
        except TypeError:
            raise Refused("unsupported", "the master has no layer %r" % (source.layer + eye))
        feeds = dict(zip(CARRIED, (master.outputs["Combined"], master.outputs["Combined"], master.outputs["Alpha"])))
        if session.denoised:
            feeds.update((name, master.outputs[name]) for name in GUIDES)
        if source.layer in session.denoised and source.outputs["Image"].is_linked:
            feeds["Image"] = denoise(tree, scene.cycles, master, rough)
        rest = False
        for link in [l for l in tree.links if l.from_node == source]:
            name = link.from_socket.name
            if name not in feeds and name in master.outputs:
                feeds[name] = typed(tree, master.outputs[name], link.from_socket)
            if name in feeds:
                tree.links.new(feeds[name], link.to_socket)
            else:
                rest = True
        if rest:
            sampled, source.scene = True, scene
        else:
            tree.nodes.remove(source)
    return sampled


def denoise(tree, cycles, master, rough):
    """Denoises a layer of a joined master, with the scene's own settings of Cycles' denoiser. Gives
    the output that has the result."""
    if not has_oidn():
        if rough:
            return master.outputs["Combined"]
        raise Refused("unsupported", "the recipe denoises with OpenImageDenoise, which this Blender lacks; "
                      "join its tiles on a worker with an official Blender build")
    node = tree.nodes.new("CompositorNodeDenoise")
    node.use_hdr, node.prefilter = True, cycles.denoising_prefilter
    tree.links.new(master.outputs["Combined"], node.inputs["Image"])
    guides = {"RGB": 0, "RGB_ALBEDO": 1, "RGB_ALBEDO_NORMAL": 2}[cycles.denoising_input_passes]
    for name in GUIDES[:guides]:
        tree.links.new(master.outputs[name], node.inputs[name.split()[-1]])
    return node.outputs["Image"]
