#!/usr/bin/env bash
# The first program in Hexclave's containers: the server's (docker/server) and the local emulator's
# (docker/local-emulator).
#
#   1. Brings the environment in order: a variable that was renamed gets both its names, HEXCLAVE_* and STACK_*; an
#      empty one is unset; two names with different values end the start; X_FILE becomes X.
#   2. In a local emulator, adds the secrets of its own (see rotate-secrets.sh), which win over what was given.
#   3. Does 1 once more, for what has come in since, and copies the dashboard's built files with the values of
#      variables in the places of their sentinels. The built files in the image stay as they are, so a restart, also
#      with other values, begins from the same state, and nothing is replaced twice.
#   4. Becomes the server: signals reach it directly, and its exit code is the container's. It applies migrations and
#      seeds the internal project, unless HEXCLAVE_SKIP_MIGRATIONS, HEXCLAVE_SKIP_SEED_SCRIPT or their RUN_ forms say
#      otherwise.
#
# Arguments: none, or `server`, for all that; `environment COMMAND...` for 1 to 3 and then that command; `prepare` for
# 1 to 3 alone. Anything else is run as it is: `docker run --rm -it hexclave bash`.
#
# No Docker engine runs where this is developed: it is tested with bash, by docker/shared/entrypoint.bats.
set -euo pipefail

app=${HEXCLAVE_CONTAINER_APP:-/app}
run=${HEXCLAVE_CONTAINER_RUN:-/run/hexclave}

# As process 1, bash would ignore these until it is replaced by the server.
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

adopt_environment() {
  local commands
  commands=$(node "$app/container.mjs" environment) || exit
  eval "$commands"
}

adopt_emulator_secrets() {
  [ "${NEXT_PUBLIC_HEXCLAVE_IS_LOCAL_EMULATOR:-}" = true ] || return 0
  local commands
  commands=$(node "$app/emulator-secrets.mjs" load) || exit
  eval "$commands"
}

place_values() {
  [ -d "$app/dashboard" ] || return 0
  node "$app/container.mjs" files "$app/dashboard" "$run/dashboard" || exit
  export HEXCLAVE_DASHBOARD_FILES=$run/dashboard STACK_DASHBOARD_FILES=$run/dashboard
}

prepare() {
  adopt_environment
  adopt_emulator_secrets
  adopt_environment
  place_values
}

case ${1:-server} in
  server)
    [ $# -eq 0 ] || shift
    prepare
    exec node --enable-source-maps "$app/server.mjs" "$@"
    ;;
  environment)
    shift
    prepare
    exec "$@"
    ;;
  prepare)
    prepare
    ;;
  *)
    exec "$@"
    ;;
esac
