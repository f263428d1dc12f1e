#!/bin/sh
# Tries what servers install, and a Blender that this Debian doesn't have. Image and unit are set up for real, rendered
# with, and stopped as their operator would stop them, beside a manager and a verifier on this machine. As root; not
# part of test.sh, because each downloads a small Debian and takes minutes.
#
#   sh installers/smoke.sh container   builds the Dockerfile with docker or podman (installed if there is neither)
#   sh installers/smoke.sh unit        boots Debian with systemd in a container of its own and starts the unit there
#   sh installers/smoke.sh blender     runs the renderer's tests with the Blender of Debian 13 (4.3)
#
# Base images that can't be pulled are made by debootstrap under the same names.
set -eu
what=${1-}
case $what in
    container|unit|blender) ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0"; [ "$what" = -h ] || [ "$what" = --help ] || exit 2; exit 0 ;;
esac
cd "$(dirname "$0")/.."
. installers/needs.sh
[ "$(id -u)" = 0 ] || die 'run this as root: it makes root file systems and starts containers'
# shellcheck disable=SC2086 # a list of words
need $NEEDS_RUN debootstrap curl
need_go

file=installers/container/Dockerfile
# The packages of the image are those of the unit's machine too.
packages=$(sed -n '/no-install-recommends/,/rm -rf/p' $file | sed '1d;$d' | tr -d '\134' | tr -s ' \n' ',' | sed 's/^,//;s/,$//')
work=$(mktemp -d)
chmod 755 "$work"
pids=
# shellcheck disable=SC2329,SC2317 # called by the trap
finish() {
    status=$?
    [ $status = 0 ] || tail -n 20 "$work"/*.log >&2
    leave
    # shellcheck disable=SC2086 # a list of words
    [ -z "$pids" ] || kill $pids 2>/dev/null || true
    wait
    rm -rf --one-file-system "$work"
    exit $status
}
leave() { :; }
trap finish EXIT
trap 'exit 130' INT TERM

# ready LOG KEY waits for the ready line of a program and prints a value of it.
ready() {
    for _ in $(seq 120); do
        value=$(sed -n "s/^ready .*$2=\([^ ]*\).*/\1/p" "$1" | head -n 1)
        [ -z "$value" ] || { printf '%s\n' "$value"; return; }
        sleep 1
    done
    die "no ready line in $1"
}

# network starts a manager and a verifier; $manager is its address.
network() {
    build "$work" heliostat-manager ./manager
    build "$work" heliostat-verifier ./verifier
    build "$work" heliostat ./desktop -tags nogui
    "$work/heliostat-manager" serve --data "$work/manager" --listen 127.0.0.1:0 >"$work/manager.log" 2>&1 &
    pids="$pids $!"
    manager=$(ready "$work/manager.log" address)
    "$work/heliostat-verifier" run --manager "$manager" --data "$work/verifier" >"$work/verifier.log" 2>&1 &
    pids="$pids $!"
    say "manager at $manager"
}

# render has one frame of the demo's scene made by the worker under trial.
render() {
    blender -b --factory-startup --python installers/scene/make_scene.py -- "$work/scene" >"$work/scene.log" 2>&1
    say 'submitting one frame'
    "$work/heliostat" submit "$work/scene/field.blend" --manager "$manager" --data "$work/artist" --frames 1 --samples 4 \
        --percentage 50 --out "$work/frames" --yes --wait --accept >&2
    found=$(find "$work/frames" -type f | wc -l)
    [ "$found" = 1 ] || die "expected one frame, found $found"
}

# satisfied OUTPUT checks what `heliostat-worker devices` prints.
satisfied() {
    printf '%s\n' "$1"
    for want in 'renderer  blender' 'sandbox   '; do
        case $1 in
            *"$want"*) ;;
            *) die "the worker finds no ${want%% *}" ;;
        esac
    done
}

# debian DIR PACKAGES [RELEASE] makes a small Debian, 12 if not told otherwise.
debian() {
    say "debootstrap: $2"
    debootstrap --variant=minbase --include="$2" "${3-bookworm}" "$1" >>"$work/debootstrap.log" 2>&1 || die 'debootstrap failed'
    [ -z "${3-}" ] || return 0
    # This machine's mirrors, and the certificates that it trusts: it may reach both by a proxy of its own.
    rm -f "$1/etc/apt/sources.list"
    cp -r /etc/apt/sources.list.d /etc/apt/apt.conf.d "$1/etc/apt/" 2>/dev/null || true
    cp -rL /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
}

try_container() {
    engine=
    for candidate in docker podman; do
        if command -v $candidate >/dev/null 2>&1 && $candidate info >/dev/null 2>&1; then engine=$candidate; break; fi
    done
    if [ -z "$engine" ]; then
        need podman buildah runc
        engine=podman
    fi
    options=
    if [ $engine = podman ]; then
        # Storage of its own, and a runtime that also works under an old layout of cgroups.
        storage="--root $work/images --runroot $work/run --storage-driver overlay --runtime runc --cgroup-manager cgroupfs"
        engine="podman $storage"
        options='--ulimit nofile=4096:4096 --ulimit nproc=4096:4096'
    fi
    for image in golang:1.26-bookworm debian:bookworm-slim; do
        $engine pull -q "docker.io/library/$image" >/dev/null 2>&1 && continue
        say "$image can't be pulled: made here"
        case $image in
            golang*)
                debian "$work/base" gcc,libc6-dev,git,ca-certificates
                cp -r "$(go env GOROOT)" "$work/base/usr/local/go"
                change="ENV PATH=/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin" ;;
            *)
                debian "$work/base" ca-certificates
                change="ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" ;;
        esac
        tar -C "$work/base" -c . | $engine import -q -c "$change" - "docker.io/library/$image" >/dev/null
        rm -rf --one-file-system "$work/base"
    done
    say "building $file with ${engine%% *}"
    case $engine in
        podman*) $engine build -q --format docker --isolation chroot --network host -f $file -t heliostat-worker-smoke . >"$work/build.log" 2>&1 ;;
        *) $engine build -q --network host -f $file -t heliostat-worker-smoke . >"$work/build.log" 2>&1 ;;
    esac || die 'the build failed'
    # shellcheck disable=SC2086 # a list of words
    satisfied "$($engine run --rm --network host $options heliostat-worker-smoke devices)"
    network
    # shellcheck disable=SC2329,SC2317 # called by the trap
    leave() { { $engine rm -f smoke && $engine volume rm -f heliostat-smoke; } >/dev/null 2>&1 || true; }
    # shellcheck disable=SC2086 # a list of words
    $engine run -d --name smoke --network host $options -v heliostat-smoke:/data heliostat-worker-smoke run --manager "$manager" --data /data >/dev/null
    render
    $engine exec smoke heliostat-worker status --data /data --alive
    $engine logs smoke >"$work/worker.log" 2>&1
    say 'stopping'
    $engine stop -t 30 smoke >/dev/null
    code=$($engine inspect -f '{{.State.ExitCode}}' smoke)
    [ "$code" = 0 ] || die "the worker ended with $code"
    say 'the image builds, renders and stops'
}

try_unit() {
    need systemd-container
    root=$work/root
    debian "$root" "systemd,systemd-sysv,dbus,$packages"
    network
    build "$root/usr/bin" heliostat-worker ./workerapp/headless
    chroot "$root" useradd --system --home-dir /var/lib/heliostat-worker --shell /usr/sbin/nologin heliostat
    install -m 644 installers/linux/heliostat-worker.service "$root/etc/systemd/system/"
    printf 'MANAGER=%s\n' "$manager" >"$root/etc/default/heliostat-worker"
    chroot "$root" systemctl enable heliostat-worker 2>/dev/null
    # Another machine of the network: its own processes, files and systemd, this machine's network.
    mountpoint -q /run || mkdir -p /run/systemd/nspawn
    mountpoint -q /run || mount -t tmpfs tmpfs /run/systemd/nspawn
    systemd-nspawn -q --register=no --keep-unit -D "$root" --boot --console=pipe </dev/null >"$work/boot.log" 2>&1 &
    boot=$!
    pids="$pids $boot"
    render
    say 'the unit as systemd sees it'
    init=$(pgrep -P "$boot" | head -n 1)
    inside() { nsenter -t "$init" -m -p -u -i -- "$@"; }
    inside systemctl show heliostat-worker -p ActiveState,SubState,NRestarts,User,MemoryCurrent >&2
    inside heliostat-worker status --data /var/lib/heliostat-worker --alive
    inside runuser -u heliostat -- heliostat-worker devices | grep sandbox
    inside systemctl stop heliostat-worker
    state=$(inside systemctl show heliostat-worker -p ActiveState,Result --value | tr '\n' ' ')
    inside journalctl -q -u heliostat-worker --no-pager >"$work/worker.log" 2>&1
    case $state in
        *inactive*) ;;
        *) die "the unit ended as $state" ;;
    esac
    case $state in
        *success*) ;;
        *) die "the unit ended as $state" ;;
    esac
    kill -s RTMIN+4 "$init" # poweroff
    wait "$boot" || true
    say 'the unit starts at boot, renders and stops'
}

try_blender() {
    debian "$work/root" "$packages,python3-numpy" trixie
    mkdir -p "$work/root$PWD"
    # shellcheck disable=SC2329,SC2317 # called by the trap
    leave() { umount -l "$work/root/proc" "$work/root/dev" "$work/root$PWD" 2>/dev/null || true; }
    mount -t proc proc "$work/root/proc"
    mount --bind /dev "$work/root/dev"
    mount --bind "$PWD" "$work/root$PWD"
    say 'building the tests'
    go test -c -o "$work/root/tmp/blender.test" ./shared/render/blender
    chroot "$work/root" blender --version | head -n 1
    chroot "$work/root" sh -c "cd '$PWD/shared/render/blender' && /tmp/blender.test -test.v" | tee "$work/blender.log" | grep -E '^(---|PASS|FAIL)'
    grep -q '^PASS' "$work/blender.log" || die 'the suite failed'
}

"try_$what"
