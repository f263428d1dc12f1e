# Runs inside Blender for one session: loads the scene, applies the recipe, renders what it
# is asked for. Stands after resident/host.py and develop.py. Nothing from a scene is executed.
import os
import time

import bpy

# Pixels rendered around a border with adaptive sampling; at most maxMargin of render.go.
# Measured: 0 changes up to 10 % of a tile's pixels, 2 at most one pixel, 4 none.
MARGIN = 4


class Session:
    def __init__(self):
        self.scene = None
        self.recipe = None
        self.outputs = []  # of the compositor's File Output nodes
        self.denoised = []  # names of the view layers that develop() denoises
        self.at = None  # the frame that is set
        self.checked_gl = False

    # -- opening

    def open(self, cmd):
        self.recipe = cmd["recipe"]
        path = cmd["path"]
        if not os.path.isfile(path):
            raise Refused("missing", "the package has no %s" % self.recipe["mainFile"])
        try:
            bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
        except RuntimeError as e:
            raise Refused("scene", "%s can't be opened: %s" % (self.recipe["mainFile"], clean(e)))
        warnings = []
        self.pick_scene()
        self.check_assets()
        self.apply(cmd["device"], cmd["tiled"], warnings)
        if bpy.app.autoexec_fail:
            self.check_scripts(warnings)
        answer(event="opened", warnings=warnings)

    def pick_scene(self):
        name = self.recipe.get("scene", "")
        scene = bpy.data.scenes.get(name) if name else bpy.context.scene
        if scene is None:
            raise Refused("scene", "it has no scene %r" % name)
        self.scene = scene
        camera = self.recipe.get("camera", "")
        if camera:
            if camera not in scene.objects or scene.objects[camera].type != "CAMERA":
                raise Refused("scene", "scene %r has no camera %r" % (scene.name, camera))
            for marker in scene.timeline_markers:
                marker.camera = None  # a marker would switch the camera back
            scene.camera = scene.objects[camera]
        if scene.camera is None and not any(m.camera for m in scene.timeline_markers):
            raise Refused("scene", "scene %r has no camera; add one and submit again" % scene.name)
        layers = self.recipe.get("viewLayers") or []
        for name in layers:
            if name not in scene.view_layers:
                raise Refused("scene", "scene %r has no view layer %r" % (scene.name, name))
        if layers:
            for layer in scene.view_layers:
                layer.use = layer.name in layers

    def check_assets(self):
        for lib in bpy.data.libraries:
            # An indirect library's path is relative to the main file, or to its parent after an edit.
            places = (bpy.path.abspath(lib.filepath), bpy.path.abspath(lib.filepath, library=lib.parent))
            if not lib.packed_file and not any(os.path.isfile(p) for p in places):
                raise Refused("missing", "library %r: %s" % (lib.name, lib.filepath))
        users = bpy.data.user_map()
        for block, paths in asset_paths():
            if not paths or not self.reaches(block, users):
                continue
            for path, shown in paths:
                if not os.path.exists(path):
                    raise Refused("missing", "%s %r: %s" % (block.bl_rna.name.lower(), block.name, shown))

    def reaches(self, block, users):
        """Whether the scene uses the data-block, directly or through others."""
        seen, todo = {block}, [block]
        while todo:
            at = todo.pop()
            if at == self.scene:
                return True
            for user in users.get(at, ()):
                if user not in seen and not isinstance(user, NOT_RENDERED):
                    seen.add(user)
                    todo.append(user)
        return False

    def check_scripts(self, warnings):
        """A blocked driver renders a wrong frame; a blocked text mostly only lacks its UI."""
        driver = blocked_driver()
        if driver:
            raise Refused("scene", "it has a driver that needs Python, which is not allowed to run (%s); "
                          "bake the driver and submit again" % driver)
        warnings.append("scripts are off; not run: %s" % bpy.app.autoexec_fail_message)

    # -- the recipe

    def apply(self, device, tiled, warnings):
        recipe, scene = self.recipe, self.scene
        r = scene.render
        try:
            r.engine = recipe["engine"]
        except TypeError:
            raise Refused("unsupported", "this Blender has no engine %s" % recipe["engine"])
        if r.use_sequencer and scene.sequence_editor and len(scene.sequence_editor.sequences_all):
            warnings.append("the video sequencer is left out; only the 3D scene is rendered")
        r.use_sequencer = False
        r.resolution_x, r.resolution_y, r.resolution_percentage = recipe["width"], recipe["height"], 100
        r.use_border = r.use_crop_to_border = False
        r.dither_intensity = 0  # a crop would be dithered with another pattern
        r.use_persistent_data = True
        r.use_file_extension, r.use_overwrite, r.use_placeholder = True, True, False
        r.use_single_layer = False
        if r.use_stamp:
            warnings.append("burning metadata into the image is switched off")
        r.use_stamp = False
        for private in ("use_stamp_hostname", "use_stamp_filename", "use_stamp_memory"):
            setattr(r, private, False)
        r.use_compositing = bool(recipe.get("compositing"))
        if r.use_compositing and scene.use_nodes:
            self.outputs = take_outputs(scene.node_tree)
        self.apply_engine(device, tiled, warnings)
        self.set_format(recipe["format"], recipe.get("colorMode"), recipe.get("colorDepth"))
        self.apply_views(warnings)

    def apply_views(self, warnings):
        """Each eye gets a file of its own, with a suffix that is safe in a file name."""
        r = self.scene.render
        if not r.use_multiview:
            return
        views, kept = self.views(), []
        if not views:
            raise Refused("scene", "scene %r is stereoscopic and all of its views are off" % self.scene.name)
        for i, view in enumerate(views):
            if not view.file_suffix or view.file_suffix != safe(view.file_suffix) or view.file_suffix in kept:
                view.file_suffix = "_view%d" % i
            kept.append(view.file_suffix)
        if r.image_settings.views_format != "INDIVIDUAL":
            warnings.append("each eye is delivered as a file of its own")
            r.image_settings.views_format = "INDIVIDUAL"
        for output in self.outputs:
            output.split_eyes()

    def views(self):
        """The eyes to render, the delivered one first; none when the scene has one eye."""
        r = self.scene.render
        if not r.use_multiview:
            return []
        return [v for v in (r.stereo_views if r.views_format == "STEREO_3D" else r.views) if v.use]

    def apply_engine(self, device, tiled, warnings):
        recipe, scene = self.recipe, self.scene
        samples, denoise = recipe.get("samples", 0), bool(recipe.get("denoise"))
        if scene.render.engine == "CYCLES":
            c = scene.cycles
            if samples:
                c.samples, c.use_layer_samples = samples, "IGNORE"
            c.use_animated_seed = False
            c.time_limit = 0
            if hasattr(c, "use_guiding"):
                c.use_guiding = False
            for layer in scene.view_layers:
                if denoise:
                    layer.cycles.denoising_store_passes = True  # gives the "Noisy Image" pass, and the guides
            if denoise and tiled:
                # A denoiser needs the whole picture: develop() has it, once the tiles are joined.
                self.denoised = [layer.name for layer in scene.view_layers if layer.cycles.use_denoising]
                if c.denoiser not in ("", "OPENIMAGEDENOISE"):  # "" where this build lacks what the scene names
                    warnings.append("joined tiles are denoised by OpenImageDenoise, not by %s" % c.denoiser)
                denoise = False
            c.use_denoising = denoise
            if denoise and c.denoiser == "OPENIMAGEDENOISE" and not has_oidn():
                raise Refused("unsupported", "the recipe denoises with OpenImageDenoise, which this Blender lacks; "
                              "turn denoising off, or use workers with an official Blender build")
            use_device(c, device)
        elif scene.render.engine.startswith("BLENDER_EEVEE"):
            if samples:
                scene.eevee.taa_render_samples = samples
        elif scene.render.engine == "BLENDER_WORKBENCH" and samples:
            allowed = [i.identifier for i in scene.display.bl_rna.properties["render_aa"].enum_items]
            if str(samples) not in allowed:
                raise Refused("unsupported", "Workbench takes %s samples, not %d" % (", ".join(allowed), samples))
            scene.display.render_aa = str(samples)
        if recipe.get("compositing") and scene.use_nodes and not has_oidn() and has_node(scene.node_tree, "DENOISE", set()):
            raise Refused("unsupported", "the compositor has a Denoise node, and this Blender lacks OpenImageDenoise; "
                          "mute the node, or use workers with an official Blender build")

    def set_format(self, name, mode=None, depth=None):
        f, recipe = self.scene.render.image_settings, self.recipe
        try:
            f.file_format = name
            if self.scene.render.is_movie_format:
                raise Refused("unsupported", "%s is a movie; render PNG or OpenEXR stills, "
                              "then make the movie with `heliostat job encode`" % name)
            if mode:
                f.color_mode = mode
            if depth:
                f.color_depth = depth
            if recipe.get("exrCodec") and name.startswith("OPEN_EXR"):
                f.exr_codec = recipe["exrCodec"]
        except TypeError as e:
            raise Refused("unsupported", "output format %s %s %s: %s" % (name, mode or "", depth or "", clean(e)))
        if name == "PNG":
            f.compression = recipe.get("compression") or 15
        elif recipe.get("quality"):
            f.quality = recipe["quality"]

    # -- rendering

    def render(self, cmd):
        scene = self.scene
        frame, seed = cmd["frame"], cmd["seed"]
        before = os.times()
        if scene.render.engine == "CYCLES":
            scene.cycles.seed = seed
        result = {}
        if cmd.get("borders"):
            if self.at != frame:
                scene.frame_set(frame)
            # A crop can't show what a compositor makes of the whole image.
            composite = scene.render.use_compositing
            scene.render.use_compositing = composite and scene.render.engine != "CYCLES"
            try:
                result["tiles"] = []
                for i, b in enumerate(cmd["borders"]):
                    result["tiles"].append(self.border(cmd, i, b))
                    answer(event="tile", done=i + 1)
            finally:
                scene.render.use_border = scene.render.use_crop_to_border = False
                scene.render.use_compositing = composite
        else:
            scene.frame_set(frame)
            result = self.shoot(cmd, cmd["name"])
            result["files"] += self.extras(cmd, keep=True)
        self.at = frame
        if bpy.app.autoexec_fail:
            self.check_scripts([])
        answer(event="done", id=cmd["id"], **usage(before), **result)

    def border(self, cmd, i, b):
        """Renders a region cropped to its own pixels and their margin. A quarter pixel inside
        each edge keeps the rounding of Blender's fractions from moving it."""
        r = self.scene.render
        began = time.monotonic()
        w, h = r.resolution_x, r.resolution_y
        left, right = self.widen(b["x"], b["x"] + b["w"], w)
        top, bottom = self.widen(b["y"], b["y"] + b["h"], h)
        r.use_border = r.use_crop_to_border = (left, right, top, bottom) != (0, w, 0, h)
        r.border_min_x, r.border_max_x = (left + 0.25) / w, min((right + 0.25) / w, 1)
        r.border_min_y, r.border_max_y = (h - bottom + 0.25) / h, min((h - top + 0.25) / h, 1)
        shot = self.shoot(cmd, "%s-%d" % (cmd["name"], i))
        for other in shot["files"][1:]:
            os.remove(other["path"])
        self.extras(cmd, keep=False)
        return dict(final=shot["files"][0]["path"], masters=shot.get("masters", []), x=left, y=top, w=right - left, h=bottom - top,
                    seconds=time.monotonic() - began)

    def widen(self, low, high, size):
        """Adds the margin to one side of a region. Adaptive sampling goes on in a pixel while
        a neighbour isn't done, so a region alone would get other samples along its edges."""
        c = self.scene.cycles
        margin = MARGIN if self.scene.render.engine == "CYCLES" and c.use_adaptive_sampling else 0
        return max(low - margin, 0), min(high + margin, size)

    def shoot(self, cmd, name):
        scene = self.scene
        scene.render.filepath = os.path.join(cmd["dir"], name)
        for output in self.outputs:
            output.aim(cmd)
        try:
            done = bpy.ops.render.render(write_still=True, scene=scene.name)
        except RuntimeError as e:
            raise refusal(clean(e))
        if "FINISHED" not in done:
            raise Refused("crashed", "Blender gave up on frame %d" % cmd["frame"])
        self.check_gl()
        ext, views = scene.render.file_extension, self.views()
        out = {"files": [{"path": scene.render.filepath + v.file_suffix + ext, "name": "%04d%s%s" % (cmd["frame"], v.file_suffix, ext)} for v in views]
               or [{"path": scene.render.filepath + ext}]}
        if cmd["master"]:
            out["masters"] = self.save_passes(cmd, name, views)
        return out

    def save_passes(self, cmd, name, views):
        """Writes every layer's passes, a file for each eye: as half floats, unless the master carries some
        beside the image, since halves hold neither a depth nor an object's number."""
        f = self.scene.render.image_settings
        base = os.path.join(cmd["dir"], name + ".passes")
        passes = ["%s.%s" % (layer, name) for layer, name in carried_passes(self)]
        saved = [{"path": base + v.file_suffix + ".exr", "view": v.name, "passes": passes} for v in views] or [{"path": base + ".exr", "view": "", "passes": passes}]
        kept = (f.file_format, f.color_mode, f.color_depth, f.exr_codec, f.views_format)
        f.file_format, f.color_depth, f.exr_codec, f.views_format = "OPEN_EXR_MULTILAYER", "32" if passes else "16", "ZIP", "INDIVIDUAL"
        try:
            for s in saved:
                if os.path.lexists(s["path"]):
                    os.remove(s["path"])
            bpy.data.images["Render Result"].save_render(base + ".exr", scene=self.scene)
        except RuntimeError as e:
            # With several eyes Blender 3.4 looks for the one file that it doesn't write.
            if not views or not all(os.path.isfile(s["path"]) for s in saved):
                raise refusal(clean(e))
        finally:
            f.file_format = kept[0]
            f.color_mode, f.color_depth, f.exr_codec = kept[1:4]
            f.views_format = kept[4]
        return saved

    def extras(self, cmd, keep):
        """What the File Output nodes wrote, under the names that they are delivered as."""
        found = []
        if not self.outputs:
            return found
        for entry in sorted(os.listdir(cmd["dir"])):
            for output in self.outputs:
                if entry.startswith(output.prefix):
                    path = os.path.join(cmd["dir"], entry)
                    if keep:
                        found.append({"path": path, "name": output.label + entry[len(output.prefix):]})
                    else:
                        os.remove(path)
        return found

    def check_gl(self):
        """EEVEE and Workbench take whatever OpenGL they get; only now it is known which."""
        if self.checked_gl or self.scene.render.engine == "CYCLES":
            return
        self.checked_gl = True
        import gpu
        renderer = gpu.platform.renderer_get()
        if self.recipe.get("device") == "GPU" and any(w in renderer.lower() for w in ("llvmpipe", "softpipe", "swrast", "software")):
            raise Refused("unsupported", "the recipe asks for a GPU, and this machine gives Blender only software OpenGL (%s); "
                          "a GPU job never runs on a CPU silently" % renderer)


NOT_RENDERED = (bpy.types.Brush, bpy.types.Screen, bpy.types.WorkSpace, bpy.types.WindowManager)


def asset_paths():
    """Yields (data-block, [(absolute path, path as written)]) for each external file."""
    def one(block):
        return [(bpy.path.abspath(block.filepath, library=block.library), block.filepath)]

    for img in bpy.data.images:
        if not img.filepath or img.packed_file or len(img.packed_files) or img.source in {"GENERATED", "VIEWER"}:
            continue
        if img.source == "TILED":
            yield img, [(bpy.path.abspath(img.filepath.replace("<UDIM>", str(t.number)), library=img.library),
                         img.filepath.replace("<UDIM>", str(t.number))) for t in img.tiles]
        elif img.source == "SEQUENCE":
            # Which frames of a sequence are used depends on every user; the folder must be there.
            folder = os.path.dirname(bpy.path.abspath(img.filepath, library=img.library))
            yield img, [(folder, img.filepath)]
        else:
            yield img, one(img)
    for font in bpy.data.fonts:
        if font.filepath not in {"", "<builtin>"} and not font.packed_file:
            yield font, one(font)
    for volume in bpy.data.volumes:
        if volume.filepath and not volume.packed_file and not volume.is_sequence:
            yield volume, one(volume)
    for cache in bpy.data.cache_files:
        if cache.filepath and not cache.is_sequence:
            yield cache, one(cache)
    for clip in bpy.data.movieclips:
        if clip.filepath and clip.source == "MOVIE":
            yield clip, one(clip)


def blocked_driver():
    """Names a driver that Blender evaluates only with Python; "" when there is none."""
    for collection in dir(bpy.data):
        blocks = getattr(bpy.data, collection)
        if not isinstance(blocks, bpy.types.bpy_prop_collection):
            continue
        for block in blocks:
            for owner in (block, getattr(block, "node_tree", None), getattr(block, "shape_keys", None)):
                data = getattr(owner, "animation_data", None)
                for curve in data.drivers if data else ():
                    if curve.driver.type == "SCRIPTED" and not curve.driver.is_simple_expression:
                        return "%s of %s: %s" % (curve.data_path, block.name, curve.driver.expression)
    return ""


class Output:
    """One file that a File Output node writes: a slot's, or the node's own when it puts all
    into one. A scene may not choose where files are written, only what they are called."""

    def __init__(self, number, node, slot, label):
        self.number, self.node, self.slot, self.label = number, node, slot, label
        self.prefix = ""

    def split_eyes(self):
        for form in (self.node.format, self.slot.format if self.slot else None):
            if form is not None:
                form.views_format = "INDIVIDUAL"

    def aim(self, cmd):
        self.prefix = "extra-%d-%d-" % (cmd["id"], self.number)
        if self.slot:
            self.node.base_path, self.slot.path = cmd["dir"], self.prefix
        else:
            self.node.base_path = os.path.join(cmd["dir"], self.prefix)


def take_outputs(tree):
    found, labels = [], set()
    for node in file_outputs(tree, set()):
        one = node.format.file_format == "OPEN_EXR_MULTILAYER"
        for slot in [None] if one else node.file_slots:
            name = (node.base_path if one else slot.path).replace("\\", "/").rstrip("/").split("/")[-1]
            label = safe(name.split(".")[0].replace("#", "")) or "output"
            if label in labels:
                label = safe("%s-%s" % (node.name, label))
            while label in labels:
                label += "-"
            labels.add(label)
            found.append(Output(len(found), node, slot, label))
    return found


def file_outputs(tree, seen):
    if tree is None or tree in seen:
        return
    seen.add(tree)
    for node in tree.nodes:
        if node.mute:
            continue
        if node.type == "OUTPUT_FILE":
            yield node
        elif node.type == "GROUP":
            yield from file_outputs(node.node_tree, seen)


def safe(text):
    """Keeps what every file system takes in a name."""
    text = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in text)[:64]
    return "_" + text[1:] if text.startswith("-") else text


def has_node(tree, kind, seen):
    if tree is None or tree in seen:
        return False
    seen.add(tree)
    return any((n.type == kind and not n.mute) or (n.type == "GROUP" and has_node(n.node_tree, kind, seen)) for n in tree.nodes)


def has_oidn():
    import _cycles
    return _cycles.with_openimagedenoise


def use_device(cycles, device):
    if device == "CPU":
        cycles.device = "CPU"
        return
    prefs = bpy.context.preferences.addons["cycles"].preferences
    try:
        prefs.compute_device_type = device
        prefs.get_devices()
    except TypeError:
        raise Refused("unsupported", "this Blender has no %s" % device)
    usable = False
    for d in prefs.devices:
        d.use = d.type == device  # never the CPU beside it: its bits differ
        usable = usable or d.use
    if not usable:
        raise Refused("unsupported", "Blender finds no %s device; check the driver" % device)
    cycles.device = "GPU"


def refusal(text):
    low = text.lower()
    if "out of memory" in low or "memory" in low and "alloc" in low:
        return Refused("memory", text)
    if "openimagedenoise" in low or "no device available" in low:
        return Refused("unsupported", text)
    return Refused("scene", text)


session = Session()
serve(open=session.open, render=session.render, develop=lambda cmd: develop(session, cmd))
