#!/bin/sh
# Installs what is missing and runs every test: formatting, vet, linters, the tree's law, unit and fuzz seeds,
# contracts, add-on and windows under Xvfb, and the end-to-end tests with real Blender.
#
#   sh installers/test.sh            everything
#   sh installers/test.sh fast       without the end-to-end tests and windows (for work in progress; CI runs everything)
set -eu
case ${1-} in
    -h|--help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
cd "$(dirname "$0")/.."
. installers/needs.sh

# shellcheck disable=SC2086 # lists of words
need $NEEDS_RUN $NEEDS_TEST
need_go
mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}"

failed=
# step NAME COMMAND... runs a step; a failure is remembered, so that one run shows all of them.
step() {
    name=$1
    shift
    say "$name"
    start=$(date +%s)
    "$@" || { failed="$failed, $name"; printf 'FAILED: %s\n' "$name"; }
    printf '    %s: %s s\n' "$name" $(($(date +%s) - start)) >&2
}

formatted() {
    unformatted=$(git ls-files '*.go' | grep -v '^contracts/bindings/' | xargs gofmt -l)
    [ -z "$unformatted" ] || { printf 'not gofmt-ed:\n%s\n' "$unformatted"; return 1; }
}

scripts() {
    git ls-files '*.sh' .ci/run | xargs shellcheck -x -s sh
}

builds() {
    go build -o /dev/null -tags nogui ./desktop && go build -o /dev/null ./manager &&
        go build -o /dev/null ./workerapp/headless && go build -o /dev/null ./verifier &&
        # What can't be run here has to compile at least.
        GOOS=windows CGO_ENABLED=0 go vet ./workerapp/sandbox ./workerapp/rules ./workerapp/gpu &&
        GOOS=darwin CGO_ENABLED=0 go vet ./workerapp/sandbox ./workerapp/rules
}

# staticcheck's default checks; none is disabled. Vulnerability data can't be fetched without a network
# beyond the module proxy, so govulncheck is run by hand where there is one: go run golang.org/x/vuln/cmd/govulncheck ./...
lint() {
    go tool staticcheck ./...
}

slow='/installers/e2e$'
quick() {
    # shellcheck disable=SC2046 # a list of packages
    go test -timeout 15m $(go list ./... | grep -v "$slow")
}

step formatting formatted
step 'shell scripts' scripts
step builds builds
step vet go vet ./...
step lint lint
step tests quick
if [ "${1-}" != fast ]; then
    step 'end to end' go test -timeout 30m -v -count=1 ./installers/e2e
fi

if [ -n "$failed" ]; then
    printf '\nFAILED%s\n' "$failed"
    exit 1
fi
printf '\nall passed\n'
