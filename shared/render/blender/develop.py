# From a master to the delivered image: compositor, view transform and file format, without
# sampling. Stands in front of session.py.
import os
import resource

import bpy

# What a master carries, by the names of a Render Layers node's outputs.
CARRIED = ("Image", "Noisy Image", "Alpha")


def develop(session, cmd):
    """Makes the delivered image from a master; without one, only tells whether that can be
    done. A copy of the scene is changed, so that the loaded one stays as it is."""
    before = os.times()
    original = session.scene
    if cmd["exact"]:
        check_carried(original)
    if not cmd["master"]:
        answer(event="done", id=cmd["id"])
        return
    for output in session.outputs:
        output.aim(cmd)
    scene, at = original.copy(), original.frame_current
    image = bpy.data.images.load(cmd["master"], check_existing=False)
    try:
        # Blender takes the frame from the scene in its context, which is the loaded one.
        scene.frame_current = original.frame_current = cmd["frame"]
        sampled = feed_master(scene, original, image)
        if sampled and scene.render.engine == "CYCLES":
            scene.cycles.seed = cmd["seed"]
            scene.cycles.samples = max(4, scene.cycles.samples // 8)
            scene.cycles.use_denoising = False
        r = scene.render
        r.use_border = r.use_crop_to_border = False
        # The same master gives the same bytes, whoever develops it.
        r.use_stamp_date = r.use_stamp_render_time = False
        r.filepath = os.path.join(cmd["dir"], cmd["name"])
        try:
            done = bpy.ops.render.render(write_still=True, scene=scene.name)
        except RuntimeError as e:
            raise refusal(clean(e))
        if "FINISHED" not in done:
            raise Refused("crashed", "Blender gave up on developing frame %d" % cmd["frame"])
        final = r.filepath + r.file_extension
    finally:
        bpy.data.images.remove(image)
        bpy.data.scenes.remove(scene)
        original.frame_current = at
    after = os.times()
    answer(event="done", id=cmd["id"], cpu=after.user + after.system - before.user - before.system,
           rss=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, final=final, sampled=sampled,
           files=session.extras(cmd, keep=True))


def composited(scene):
    return scene.render.use_compositing and scene.use_nodes and scene.node_tree is not None


def check_carried(scene):
    """Refuses a compositor that needs more than the master."""
    if scene.render.use_multiview:
        raise Refused("scene", "it is stereoscopic, so it can't be made from one master; submit it without tiles")
    if not composited(scene):
        return
    for source in [n for n in scene.node_tree.nodes if n.type == "R_LAYERS" and not n.mute]:
        used = sorted({l.from_socket.name for l in scene.node_tree.links if l.from_node == source})
        if source.scene not in (scene, None) and used:
            raise Refused("scene", "its compositor renders scene %r too, which can't be made from a master; submit it without tiles" % source.scene.name)
        more = [name for name in used if name not in CARRIED]
        if more:
            raise Refused("scene", "its compositor uses %s, which a master doesn't carry; submit it without tiles" % ", ".join(more))


def feed_master(scene, original, image):
    """Puts a master in the place of what the scene would render. Tells whether the compositor
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
    for source in [n for n in tree.nodes if n.type == "R_LAYERS" and n.scene in (scene, original)]:
        master = tree.nodes.new("CompositorNodeImage")
        master.image = image
        try:
            master.layer = source.layer
        except TypeError:
            raise Refused("unsupported", "the master has no layer %r" % source.layer)
        feeds = dict(zip(CARRIED, (master.outputs["Combined"], master.outputs["Combined"], master.outputs["Alpha"])))
        rest = False
        for link in [l for l in tree.links if l.from_node == source]:
            if link.from_socket.name in feeds:
                tree.links.new(feeds[link.from_socket.name], link.to_socket)
            else:
                rest = True
        if rest:
            sampled, source.scene = True, scene
        else:
            tree.nodes.remove(source)
    return sampled


