#!/bin/sh
# The main job on this machine, with embedded defaults: a manager, two workers, a verifier, and Blender with the
# add-on submitting a real animated scene. Nothing outside this folder is used but Debian packages and Go modules.
#
#   sh installers/demo.sh [--out DIR] [--frames 1-12] [--keep]
#
# The frames, a contact sheet and summary.json are in demo-out/ afterwards.
set -eu
case ${1-} in
    -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
cd "$(dirname "$0")/.."
. installers/needs.sh

# shellcheck disable=SC2086 # lists of words
need $NEEDS_RUN
need_go
mkdir -p bin
build bin heliostat-manager ./manager
build bin heliostat-worker ./workerapp/headless
build bin heliostat-verifier ./verifier
build bin libheliostat.so ./plugins/bridge -buildmode=c-shared
say 'packing the Blender add-on'
go run ./plugins/blender/zip -library bin/libheliostat.so bin/heliostat-blender.zip || die "packing the add-on failed; its message is above"
build bin heliostat-demo ./installers/demo
exec bin/heliostat-demo --bin bin "$@"
