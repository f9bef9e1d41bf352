#!/usr/bin/env bash
# Builds and starts what a folder's compose file describes, waits until it is healthy, and removes it: docker.sh docker/server
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../${1:?Usage: docker.sh <folder with a compose.yaml>}"

trap 'docker compose down --volumes --timeout 30' EXIT
if [[ -x generate-secrets.sh && ! -e .env ]]; then ./generate-secrets.sh; fi
docker compose build
docker compose up --detach --wait || {
  docker compose logs
  exit 1
}
