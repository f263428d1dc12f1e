#!/bin/sh
# Makes the README's picture of the window: the real app, under Xvfb, on what installers/demo.sh left in demo-out/.
#
#   sh installers/demo.sh && sh installers/picture/take.sh
set -eu
cd "$(dirname "$0")/../.."
. installers/needs.sh
# shellcheck disable=SC2086 # lists of words
need $NEEDS_RUN xvfb xdotool openbox imagemagick
need_go
[ -d demo-out/data/manager ] || die "demo-out/data is missing: run sh installers/demo.sh first"
build bin heliostat-manager ./manager
build bin heliostat ./desktop

address=127.0.0.1:7790
DISPLAY=:95
LIBGL_ALWAYS_SOFTWARE=1
export DISPLAY LIBGL_ALWAYS_SOFTWARE
started=
# shellcheck disable=SC2086 # a list of process ids
trap 'kill $started 2>/dev/null || true; wait' EXIT
Xvfb $DISPLAY -screen 0 1280x800x24 >/dev/null 2>&1 &
started="$!"
bin/heliostat-manager serve --data demo-out/data/manager --listen $address --settlement devchain >/dev/null 2>demo-out/picture.log &
started="$! $started"

# until_ok SECONDS COMMAND... tries a command until it succeeds.
until_ok() {
    left=$1
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || die "gave up on: $*; see demo-out/picture.log"
        sleep 1
    done
}
until_ok 15 xdotool getdisplaygeometry
openbox &
started="$! $started"
bin/heliostat --manager http://$address --data demo-out/data/artist 2>>demo-out/picture.log &
started="$! $started"
until_ok 30 xdotool search --onlyvisible --name Heliostat
window=$(xdotool search --onlyvisible --name Heliostat | head -n 1)
xdotool windowsize --sync "$window" 1280 780 windowmove "$window" 0 0
sleep 4 # the list and the window's own animations
xdotool mousemove 700 190 click 1
sleep 6 # thumbnails
import -window "$window" installers/picture/window.png
say "installers/picture/window.png"
