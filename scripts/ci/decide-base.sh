#!/usr/bin/env bash
# What this run is compared with, decided once for all jobs: the branch that a pull request goes to, or what main was
# before a push. Written as `ref=…` to $GITHUB_OUTPUT.
set -euo pipefail

if [[ -n "${BASE_BRANCH:-}" ]]; then
  ref="origin/$BASE_BRANCH"
elif git cat-file -e "${BEFORE:-none}^{commit}" 2>/dev/null; then
  ref="$BEFORE"
else
  # The first push, or one that replaced history.
  ref="$(git rev-parse --verify --quiet HEAD^ || git rev-parse HEAD)"
fi
git rev-parse --verify --quiet "$ref^{commit}" >/dev/null || {
  echo "There is no commit $ref in this checkout." >&2
  exit 1
}
echo "Comparing with $ref"
echo "ref=$ref" >>"$GITHUB_OUTPUT"
