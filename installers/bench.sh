#!/bin/sh
# Benchmarks: each measures this project beside a baseline in the same run. Rows on standard output are
# name, value, unit, baseline, ratio, separated by tabs; everything else goes to standard error.
#
#   sh installers/bench.sh [--only PATTERN] [NAME]      NAME: farm, limits, manager, packaging, quote, simulation, verify, worker (default: all)
#
# PATTERN chooses parts of verify and limits, or scenes of quote, by a regular expression, for instance
# 'attack/further', 'honest/passes', 'BLENDER_EEVEE/(softpipe|SSE4.1)', '^prints$' or '^(steady|fog)$'.
set -eu
case ${1-} in
    -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
cd "$(dirname "$0")/.."
. installers/needs.sh

# shellcheck disable=SC2086 # lists of words
need $NEEDS_RUN
case $* in
    # The sides that it compares with, and what makes its meshes.
    ''|*packaging*) need restic zstd python3-numpy ;;
esac
need_go
mkdir -p bin
build bin heliostat-manager ./manager >&2
build bin heliostat-worker ./workerapp/headless >&2
build bin heliostat-verifier ./verifier >&2
build bin heliostat-cli ./desktop -tags nogui >&2
build bin heliostat-bench ./installers/bench >&2
build bin heliostat-bench-pack ./installers/bench/packaging/side >&2
exec bin/heliostat-bench --bin bin "$@"
