// Package submit is what a host application's plug-in does, in pure Go: it checks a scene
// folder description (SCENE.md), packs and uploads it, asks for a price, pays, watches the
// job and puts the frames where the artist wants them. A submission's state lies on disk
// at every step, so it survives a crash of the host.
//
// It is not the place for what a host's scene consists of (plugins/blender, plugins/maya),
// for the C ABI (plugins/bridge) or for anything that asks people questions.
//
// Receives: scene folder descriptions from plugins/bridge and from desktop's commands.
// Hands on: files to shared/pack, packages and jobs to shared/client, frames to the artist's disk.
package submit
