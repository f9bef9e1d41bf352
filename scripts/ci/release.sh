#!/usr/bin/env bash
# Publishes the tag $TAG with the built server and what the changelog says of it. With DRY_RUN, it is only prepared.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version="$(node -p "require('./package.json').version")"
if [[ "${TAG:?}" != "v$version" ]]; then
  echo "The tag is $TAG, and package.json says $version." >&2
  exit 1
fi
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
awk -v title="## $version" '$0 == title { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md >"$folder/notes.md"
if ! grep -q '[^[:space:]]' "$folder/notes.md"; then
  echo "CHANGELOG.md has nothing under \"## $version\"." >&2
  exit 1
fi
npm run build -- --outdir "$folder/hexclave-$version"
tar --create --gzip --directory "$folder" --file "$folder/hexclave-$version.tar.gz" "hexclave-$version"
if [[ -n "${DRY_RUN:-}" ]]; then
  cat "$folder/notes.md"
  tar --list --file "$folder/hexclave-$version.tar.gz"
  exit 0
fi
gh release create "$TAG" --verify-tag --title "$version" --notes-file "$folder/notes.md" "$folder/hexclave-$version.tar.gz"
