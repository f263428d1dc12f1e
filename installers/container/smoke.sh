#!/bin/sh
# Tries the container image: builds it and lets it list its devices, renderer and sandbox. Where no container engine
# runs, the image's second stage is set up in a plain folder (debootstrap, as root) and tried there.
#
#   sh installers/container/smoke.sh
set -eu
case ${1-} in
    -h|--help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
cd "$(dirname "$0")/../.."
. installers/needs.sh
file=installers/container/Dockerfile

# check OUTPUT is satisfied with a renderer and a sandbox.
check() {
    printf '%s\n' "$1"
    for want in 'renderer  blender' 'sandbox   '; do
        case $1 in
            *"$want"*) ;;
            *) die "the image's worker finds no ${want%% *}" ;;
        esac
    done
    say 'the image works'
}

for engine in docker podman; do
    if command -v $engine >/dev/null 2>&1 && $engine info >/dev/null 2>&1; then
        say "building with $engine"
        $engine build -q -f $file -t heliostat-worker-smoke . >&2
        check "$($engine run --rm heliostat-worker-smoke devices)"
        exit 0
    fi
done

say 'no container engine runs here: the same steps in a folder'
[ "$(id -u)" = 0 ] || die 'run this as root, or start a container engine'
need debootstrap
need_go
root=$(mktemp -d)
chmod 755 "$root"
trap 'umount -l "$root/proc" 2>/dev/null || true; rm -rf --one-file-system "$root"' EXIT
# The packages are the Dockerfile's own.
packages=$(sed -n '/no-install-recommends/,/rm -rf/p' $file | sed '1d;$d' | tr -d '\134' | tr -s ' \n' ',' | sed 's/^,//;s/,$//')
say "packages: $packages"
debootstrap --variant=minbase --include="$packages" bookworm "$root" >&2
build "$root/usr/local/bin" heliostat-worker ./workerapp/headless >&2
chroot "$root" useradd --system --home-dir /data --create-home --shell /usr/sbin/nologin heliostat
mount -t proc proc "$root/proc"
check "$(chroot --userspec=heliostat "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/data heliostat-worker devices)"
umount "$root/proc"
