# Sourced by demo.sh, test.sh and bench.sh: installs what a fresh Debian 12 lacks, and says so.
# It installs Debian packages only; Go, git and a C compiler are expected (gcc is added when missing).

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# shellcheck disable=SC2034 # used where this is sourced
# What every build and every render needs.
NEEDS_RUN="gcc libc6-dev pkg-config git ca-certificates blender bubblewrap
libgl1-mesa-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev
libwayland-dev libxkbcommon-dev libgl1-mesa-dri libegl1"
# shellcheck disable=SC2034
# What the tests need on top.
NEEDS_TEST="xvfb xdotool openbox imagemagick x11-utils dbus dbus-x11 xfce4-panel shellcheck python3 nodejs procps
postgresql-15 povray ffmpeg"

# need PACKAGE... installs the packages that are missing.
need() {
    missing=
    for package in "$@"; do
        case $package in
            # Another source than Debian's may have provided the program.
            nodejs) command -v node >/dev/null 2>&1 && continue; package="nodejs npm" ;;
            python3) command -v python3 >/dev/null 2>&1 && continue ;;
        esac
        # shellcheck disable=SC2016,SC2086 # dpkg's own variable; nodejs is two packages
        [ "$(dpkg-query -W -f '${db:Status-Status}' ${package%% *} 2>/dev/null)" = installed ] || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    command -v apt-get >/dev/null 2>&1 || die "these Debian packages are missing:$missing; install them (or their equivalents) and run this again"
    sudo=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || die "these packages are missing:$missing; run as root: apt-get install$missing"
        sudo=sudo
    fi
    say "installing$missing"
    $sudo apt-get update -qq >&2 || die "apt-get update failed; check the network and /etc/apt/sources.list"
    # shellcheck disable=SC2086 # a list of words
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 ||
        die "apt-get install failed; its own message is above"
}

need_go() {
    command -v go >/dev/null 2>&1 || PATH=$PATH:/usr/local/go/bin
    command -v go >/dev/null 2>&1 || die "Go is missing: install Go 1.26 or newer from its own site, or put it into PATH"
    export PATH
}

# build DIR NAME PACKAGE [FLAG...] builds one program into DIR.
build() {
    dir=$1 name=$2 package=$3
    shift 3
    say "building $name"
    go build "$@" -o "$dir/$name" "$package" || die "building $name failed; the compiler's message is above"
}
