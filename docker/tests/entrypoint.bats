#!/usr/bin/env bats
# The entrypoint of the containers, on real folders with the real programs of a build: docker/tests/shell.test.ts makes
# them and names them in APP. What takes the server's place shows how it was started.

setup() {
  export HEXCLAVE_CONTAINER_APP="$BATS_TEST_TMPDIR/app" HEXCLAVE_CONTAINER_RUN="$BATS_TEST_TMPDIR/run"
  mkdir -p "$HEXCLAVE_CONTAINER_APP/dashboard/assets"
  cp "$APP"/container.mjs "$APP"/emulator-secrets.mjs "$HEXCLAVE_CONTAINER_APP/"
  cp "$SHARED/entrypoint.sh" "$HEXCLAVE_CONTAINER_APP/"
  cat >"$HEXCLAVE_CONTAINER_APP/server.mjs" <<'END'
import { writeFileSync } from 'node:fs';
writeFileSync(process.env.SEEN, JSON.stringify({ pid: process.pid, args: process.argv.slice(2), env: process.env }));
const wait = setInterval(() => undefined, 1000);
process.on('SIGTERM', () => { clearInterval(wait); process.exitCode = 0; });
if (process.env.END_WITH) process.exit(Number(process.env.END_WITH));
END
  export SEEN="$BATS_TEST_TMPDIR/seen.json" END_WITH=0
  entrypoint="$HEXCLAVE_CONTAINER_APP/entrypoint.sh"
}

seen() { node -p "JSON.parse(require('fs').readFileSync(process.env.SEEN)).env[process.argv[1]] ?? '(unset)'" "$1"; }

write_page() { printf '%s' "$2" >"$HEXCLAVE_CONTAINER_APP/dashboard/$1"; }
placed() { cat "$HEXCLAVE_CONTAINER_RUN/dashboard/$1"; }

@test "a variable under either name is seen under both" {
  HEXCLAVE_LOG_LEVEL=debug STACK_HOST=0.0.0.0 NEXT_PUBLIC_STACK_PORT_PREFIX=97 VITE_HEXCLAVE_X=1 run "$entrypoint"
  [ "$status" -eq 0 ]
  [ "$(seen STACK_LOG_LEVEL)" = debug ]
  [ "$(seen HEXCLAVE_HOST)" = 0.0.0.0 ]
  [ "$(seen NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX)" = 97 ]
  [ "$(seen VITE_STACK_X)" = 1 ]
}

@test "an empty variable counts as unset: the other name has its say, and two empty ones are gone" {
  HEXCLAVE_LOG_LEVEL='' STACK_LOG_LEVEL=debug HEXCLAVE_HOST='' STACK_HOST=' ' run "$entrypoint"
  [ "$status" -eq 0 ]
  [ "$(seen HEXCLAVE_LOG_LEVEL)" = debug ]
  [ "$(seen HEXCLAVE_HOST)" = '(unset)' ]
  [ "$(seen STACK_HOST)" = '(unset)' ]
}

@test "two names with the same value are fine" {
  HEXCLAVE_LOG_LEVEL=debug STACK_LOG_LEVEL=debug run "$entrypoint"
  [ "$status" -eq 0 ]
}

@test "two names with different values end the start, naming both, and a secret is not shown" {
  HEXCLAVE_SERVER_SECRET=canary-one STACK_SERVER_SECRET=canary-two run "$entrypoint"
  [ "$status" -eq 1 ]
  [[ "$output" == *HEXCLAVE_SERVER_SECRET*STACK_SERVER_SECRET*'different values'* ]]
  [[ "$output" != *canary* ]]
  [ ! -e "$SEEN" ]
}

@test "a sentinel that was never replaced is no value, and no conflict" {
  HEXCLAVE_LOG_LEVEL=HEXCLAVE_ENV_VAR_SENTINEL_HEXCLAVE_LOG_LEVEL STACK_LOG_LEVEL=debug run "$entrypoint"
  [ "$status" -eq 0 ]
  [ "$(seen HEXCLAVE_LOG_LEVEL)" = debug ]
}

@test "a value lies in a file, as Docker's secrets do" {
  printf 'line one\nline $(two) \x27quoted\x27\n' >"$BATS_TEST_TMPDIR/secret"
  HEXCLAVE_SERVER_SECRET_FILE="$BATS_TEST_TMPDIR/secret" run "$entrypoint"
  [ "$status" -eq 0 ]
  [ "$(seen STACK_SERVER_SECRET)" = "$(cat "$BATS_TEST_TMPDIR/secret")" ]
}

@test "a file of a secret that is not there, or a value besides, ends the start" {
  CRON_SECRET_FILE=/nowhere/at-all run "$entrypoint"
  [ "$status" -eq 1 ]
  [[ "$output" == *CRON_SECRET_FILE*ENOENT* ]]
  CRON_SECRET_FILE=/nowhere CRON_SECRET=canary run "$entrypoint"
  [ "$status" -eq 1 ]
  [[ "$output" == *'both set'* && "$output" != *canary* ]]
}

@test "any value passes through the shell unharmed, under both names, and is read in built files as it is" {
  count=0
  while IFS= read -r -d '' value; do
    name=NEXT_PUBLIC_HEXCLAVE_NASTY_$count
    export "NEXT_PUBLIC_STACK_NASTY_$count=$value"
    sentinel=HEXCLAVE_ENV_VAR_SENTINEL_$name
    write_page "$count.js" "result = [\"$sentinel\", '$sentinel', \`$sentinel\`];"
    write_page "$count.json" "{\"value\":\"$sentinel\"}"
    write_page "$count.html" "<meta name=\"value\" content=\"$sentinel\"><p>$sentinel</p>"
    count=$((count + 1))
  done <"$NASTY"
  run "$entrypoint"
  [ "$status" -eq 0 ]
  COUNT=$count node <<'END'
const fs = require('fs'), vm = require('vm'), assert = require('assert');
const { env } = JSON.parse(fs.readFileSync(process.env.SEEN));
const nasty = fs.readFileSync(process.env.NASTY, 'utf8').split('\0').slice(0, -1);
assert.strictEqual(nasty.length, Number(process.env.COUNT));
const read = (name) => fs.readFileSync(`${process.env.HEXCLAVE_CONTAINER_RUN}/dashboard/${name}`, 'utf8');
for (const [index, value] of nasty.entries()) {
  assert.strictEqual(env[`NEXT_PUBLIC_HEXCLAVE_NASTY_${index}`], value);
  assert.strictEqual(env[`NEXT_PUBLIC_STACK_NASTY_${index}`], value);
  assert.deepStrictEqual([...vm.runInNewContext(read(`${index}.js`), {})], [value, value, value]);
  assert.strictEqual(JSON.parse(read(`${index}.json`)).value, value);
  const html = read(`${index}.html`);
  assert.strictEqual(html.match(/[<>"]/g).length, 10);
  const text = html.replace(/&#x([0-9a-f]+);/g, (_, code) => String.fromCodePoint(parseInt(code, 16)));
  assert.strictEqual(text, `<meta name="value" content="${value}"><p>${value}</p>`);
}
END
}

@test "a restart with another value is right, and what a value contains is not replaced" {
  write_page app.js 'a = "HEXCLAVE_ENV_VAR_SENTINEL_NEXT_PUBLIC_HEXCLAVE_A"; b = "STACK_ENV_VAR_SENTINEL_NEXT_PUBLIC_STACK_B";'
  NEXT_PUBLIC_HEXCLAVE_A='to HEXCLAVE_ENV_VAR_SENTINEL_NEXT_PUBLIC_HEXCLAVE_B' NEXT_PUBLIC_HEXCLAVE_B=two run "$entrypoint"
  [ "$(node -e "$(placed app.js)console.log(a, b)")" = 'to HEXCLAVE_ENV_VAR_SENTINEL_NEXT_PUBLIC_HEXCLAVE_B two' ]
  first=$(placed app.js)
  NEXT_PUBLIC_HEXCLAVE_A='to HEXCLAVE_ENV_VAR_SENTINEL_NEXT_PUBLIC_HEXCLAVE_B' NEXT_PUBLIC_HEXCLAVE_B=two run "$entrypoint"
  [ "$(placed app.js)" = "$first" ]
  NEXT_PUBLIC_STACK_A=three run "$entrypoint"
  [ "$(placed app.js)" = 'a = "three"; b = "STACK_ENV_VAR_SENTINEL_NEXT_PUBLIC_STACK_B";' ]
  grep -q SENTINEL_NEXT_PUBLIC_HEXCLAVE_A "$HEXCLAVE_CONTAINER_APP/dashboard/app.js"
}

@test "files without sentinels are copied byte for byte" {
  head -c 100000 /dev/urandom >"$HEXCLAVE_CONTAINER_APP/dashboard/assets/picture.png"
  run "$entrypoint"
  [ "$status" -eq 0 ]
  cmp "$HEXCLAVE_CONTAINER_APP/dashboard/assets/picture.png" "$HEXCLAVE_CONTAINER_RUN/dashboard/assets/picture.png"
  [ "$(seen HEXCLAVE_DASHBOARD_FILES)" = "$HEXCLAVE_CONTAINER_RUN/dashboard" ]
}

@test "a sentinel in a file of an unknown kind ends the start" {
  write_page blob.wasm 'HEXCLAVE_ENV_VAR_SENTINEL_NEXT_PUBLIC_HEXCLAVE_A'
  NEXT_PUBLIC_HEXCLAVE_A=canary run "$entrypoint"
  [ "$status" -eq 1 ]
  [[ "$output" == *NEXT_PUBLIC_HEXCLAVE_A*blob.wasm* && "$output" != *canary* ]]
}

@test "the server takes the entrypoint's place: same process, its arguments, its exit code" {
  END_WITH=37 run "$entrypoint" server --an 'argument with spaces'
  [ "$status" -eq 37 ]
  [ "$(node -p "JSON.parse(require('fs').readFileSync(process.env.SEEN)).args.join('|')")" = '--an|argument with spaces' ]
}

@test "signals reach the server, and it ends as it wants to" {
  END_WITH='' "$entrypoint" &
  pid=$!
  for _ in $(seq 600); do [ -s "$SEEN" ] && break; sleep 0.05; done
  [ "$(node -p "JSON.parse(require('fs').readFileSync(process.env.SEEN)).pid")" = "$pid" ]
  kill -TERM "$pid"
  wait "$pid"
}

@test "a signal before the server runs ends the start" {
  printf '#!/bin/sh\necho started >%s\nsleep 1\n' "$BATS_TEST_TMPDIR/early" >"$BATS_TEST_TMPDIR/node"
  chmod +x "$BATS_TEST_TMPDIR/node"
  PATH="$BATS_TEST_TMPDIR:$PATH" "$entrypoint" &
  pid=$!
  for _ in $(seq 600); do [ -s "$BATS_TEST_TMPDIR/early" ] && break; sleep 0.05; done
  kill -TERM "$pid"
  code=0
  wait "$pid" || code=$?
  [ "$code" -eq 143 ]
  [ ! -e "$SEEN" ]
}

@test "another command gets the environment, or is run as it is" {
  STACK_HOST=here run "$entrypoint" environment sh -c 'echo "$HEXCLAVE_HOST"'
  [ "${lines[-1]}" = here ]
  STACK_HOST=here run "$entrypoint" sh -c 'echo "${HEXCLAVE_HOST:-none}"'
  [ "$output" = none ]
}

@test "an emulator makes its secrets once, for its owner only, and they win over what is given later" {
  export NEXT_PUBLIC_STACK_IS_LOCAL_EMULATOR=true HEXCLAVE_EMULATOR_HOME="$BATS_TEST_TMPDIR/home"
  run "$entrypoint"
  [ "$status" -eq 0 ]
  [ "$(stat -c %a "$HEXCLAVE_EMULATOR_HOME/emulator.env")" = 600 ]
  key=$(seen HEXCLAVE_SEED_INTERNAL_PROJECT_SECRET_SERVER_KEY)
  [[ "$key" =~ ^[0-9a-f]{64}$ ]]
  [ "$(seen STACK_SEED_INTERNAL_PROJECT_SECRET_SERVER_KEY)" = "$key" ]
  STACK_SEED_INTERNAL_PROJECT_SECRET_SERVER_KEY=other run "$entrypoint"
  [ "$(seen HEXCLAVE_SEED_INTERNAL_PROJECT_SECRET_SERVER_KEY)" = "$key" ]
}

@test "an emulator begins with the secrets that it is given, unless they are not 64 hexadecimal digits" {
  export NEXT_PUBLIC_HEXCLAVE_IS_LOCAL_EMULATOR=true HEXCLAVE_EMULATOR_HOME="$BATS_TEST_TMPDIR/home"
  CRON_SECRET=canary run "$entrypoint"
  [ "$status" -eq 1 ]
  [[ "$output" == *CRON_SECRET*'64 hexadecimal digits'* && "$output" != *canary* ]]
  [ ! -e "$HEXCLAVE_EMULATOR_HOME/emulator.env" ]
  given=$(printf 'ab%.0s' $(seq 32))
  CRON_SECRET=$given run "$entrypoint"
  [ "$(seen CRON_SECRET)" = "$given" ]
}
