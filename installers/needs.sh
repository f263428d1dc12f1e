# Sourced by demo.sh, test.sh and bench.sh: installs what a fresh Debian 12 lacks, and says so: Debian's packages, and
# Go into the user's cache where there is none or an older one.

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

# Where the machine has no Go that builds this project: this release, from the module proxy, as `go` itself would
# fetch it. The sums are those of its zips, which the checksum database vouched for.
GO_VERSION=1.26.8
GO_SUM_AMD64=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
GO_SUM_ARM64=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99

# need_go puts a Go that is new enough into PATH. One that may fetch the release that go.mod asks for counts, too.
need_go() {
    command -v go >/dev/null 2>&1 || PATH=$PATH:/usr/local/go/bin
    go list -m >/dev/null 2>&1 || fetch_go
    export PATH
}

fetch_go() {
    case $(uname -s)-$(uname -m) in
        Linux-x86_64) arch=linux-amd64 sum=$GO_SUM_AMD64 ;;
        Linux-aarch64) arch=linux-arm64 sum=$GO_SUM_ARM64 ;;
        *) die "Go 1.26 or newer is missing: install it from its own site, or put it into PATH" ;;
    esac
    goroot=${XDG_CACHE_HOME:-$HOME/.cache}/heliostat/go$GO_VERSION.$arch
    if [ ! -d "$goroot" ]; then
        need curl unzip ca-certificates
        proxy=${GOPROXY:-https://proxy.golang.org}
        proxy=${proxy%%[,|]*}
        case $proxy in
            https://*|http://*|file://*) ;;
            *) die "Go $GO_VERSION is missing, and GOPROXY=$proxy names no proxy to fetch it from: install it, or put it into PATH" ;;
        esac
        mkdir -p "${goroot%/*}"
        fetched=$(mktemp -d "$goroot.XXXXXX")
        trap 'rm -rf "$fetched"' EXIT
        url=$proxy/golang.org/toolchain/@v/v0.0.1-go$GO_VERSION.$arch.zip
        say "fetching Go $GO_VERSION (70 MB) from $url"
        curl -fL --retry 3 --progress-bar -o "$fetched/go.zip" "$url" || die "fetching $url failed; curl's message is above"
        printf '%s  %s\n' "$sum" "$fetched/go.zip" | sha256sum -c --quiet - >&2 || die "what $url sent isn't Go $GO_VERSION: its SHA-256 isn't $sum"
        unzip -q "$fetched/go.zip" -d "$fetched" || die "unpacking Go failed; is the disk of $goroot full?"
        unpacked=$fetched/golang.org/toolchain@v0.0.1-go$GO_VERSION.$arch
        # A module's zip holds no modes, and no go.mod of other modules under that name.
        chmod +x "$unpacked"/bin/* "$unpacked"/pkg/tool/*/*
        find "$unpacked/src" -name _go.mod -execdir mv _go.mod go.mod ';'
        mv "$unpacked" "$goroot"
        rm -rf "$fetched"
        trap - EXIT
    fi
    PATH=$goroot/bin:$PATH
    go list -m >/dev/null || die "$goroot doesn't build this project; Go's message is above"
}

# build DIR NAME PACKAGE [FLAG...] builds one program into DIR.
build() {
    dir=$1 name=$2 package=$3
    shift 3
    say "building $name"
    go build "$@" -o "$dir/$name" "$package" || die "building $name failed; the compiler's message is above"
}
