#!/bin/sh
# Compiles the contracts and writes their Go bindings: bindings/contracts.go, and test/hostile/hostile.go for tests.
# Needs Node with npm, and Go. Run it after changing anything in src/; a test compares its output with what is committed.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --silent
mkdir -p build
node compile.js src >build/src.json
node compile.js test/hostile >build/hostile.json
abigen() { go run github.com/ethereum/go-ethereum/cmd/abigen --v2 "$@"; }
abigen --combined-json build/src.json --pkg bindings --out bindings/contracts.go
abigen --combined-json build/hostile.json --pkg hostile --out test/hostile/hostile.go
gofmt -w bindings/contracts.go test/hostile/hostile.go
