#!/usr/bin/env bash
# The dependencies that package-lock.json names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec node --input-type=module --eval "import('./scripts/ensure-installed.mjs').then(({ ensureInstalled }) => ensureInstalled())"
