#!/usr/bin/env bash
# Exchanges the secrets of a running local emulator for fresh ones of 64 hexadecimal digits:
#
#   docker compose exec emulator /app/rotate-secrets.sh [--from FILE]
#
#   - the keys of the internal project, in the database that HEXCLAVE_DATABASE_CONNECTION_STRING names (or
#     STACK_DATABASE_CONNECTION_STRING): old ones stop working at once;
#   - the environment overlay, emulator.env in HEXCLAVE_EMULATOR_HOME, with mode 0600;
#   - the built files that carry values of it.
#
# --from reads lines NAME=64 hexadecimal digits, from a file or, as `-`, from standard input, for secrets that are not
# to be made up; anything else is refused, and nothing changes. The server has CRON_SECRET from its start: the new one
# counts from the next one on.
#
# It may be run any number of times, at once, and be killed at any moment: the next rotation or start puts right what
# was left halfway. Outside of containers `hexclave emulator rotate-secrets` does the same, by the same code.
set -euo pipefail

app=${HEXCLAVE_CONTAINER_APP:-/app}

node "$app/emulator-secrets.mjs" rotate "$@"
"$app/entrypoint.sh" prepare
echo 'The secrets were exchanged. CRON_SECRET counts from the next start: docker compose restart emulator'
