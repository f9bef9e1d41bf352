#!/bin/sh
# Writes .env beside this file, for compose.yaml: fresh secrets, readable by you only. Does nothing when there is one:
# with other secrets, the database and the connection strings in it could no longer be opened.
#
#   generate-secrets.sh [FILE]
set -eu

file=${1:-$(dirname "$0")/.env}

secret() {
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

if [ -e "$file" ]; then
  echo "$file is there already, and is left as it is."
  exit 0
fi

umask 077
draft=$file.$$
trap 'rm -f "$draft"' EXIT
cat >"$draft" <<END
# Made by docker/server/generate-secrets.sh. Keep a copy elsewhere: backups of the database cannot be used without
# HEXCLAVE_SERVER_SECRET. All variables: docs/reference/environment.md

POSTGRES_PASSWORD=$(secret)
HEXCLAVE_SERVER_SECRET=$(secret)
CRON_SECRET=$(secret)

# Opens the project \`internal\`, and so everything: you sign in to the dashboard with it.
HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY=$(secret)

# Under which addresses others reach the API and the dashboard, once a reverse proxy stands before them:
# NEXT_PUBLIC_HEXCLAVE_API_URL=https://api.hexclave.example.com
# NEXT_PUBLIC_HEXCLAVE_DASHBOARD_URL=https://hexclave.example.com
# HEXCLAVE_TRUSTED_PROXIES=1
END
# Unlike a rename, a link does not replace the file of a run that was faster.
ln "$draft" "$file" 2>/dev/null || { echo "$file is there already, and is left as it is."; exit 0; }
echo "Secrets are in $file. Next: docker compose up --detach --wait"
