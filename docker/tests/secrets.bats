#!/usr/bin/env bats
# generate-secrets.sh, with which somebody who hosts Hexclave begins.

setup() { file="$BATS_TEST_TMPDIR/.env"; }

@test "secrets are fresh each time, long, and readable by their owner only" {
  "$SERVER/generate-secrets.sh" "$file"
  "$SERVER/generate-secrets.sh" "$file.other"
  [ "$(stat -c %a "$file")" = 600 ]
  for name in POSTGRES_PASSWORD HEXCLAVE_SERVER_SECRET CRON_SECRET HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY; do
    line=$(grep "^$name=" "$file")
    [[ "$line" =~ ^$name=[0-9a-f]{64}$ ]]
    ! grep -qF "${line#*=}" "$file.other"
  done
  [ "$(grep -hE '=[0-9a-f]{64}$' "$file" "$file.other" | cut -d= -f2 | sort -u | wc -l)" -eq 8 ]
}

@test "what is there is never replaced, also not by several at once" {
  for _ in 1 2 3 4 5 6; do "$SERVER/generate-secrets.sh" "$file" & done
  wait
  before=$(cat "$file")
  run "$SERVER/generate-secrets.sh" "$file"
  [ "$status" -eq 0 ]
  [[ "$output" == *'left as it is'* ]]
  [ "$(cat "$file")" = "$before" ]
  [ "$(ls -A "$BATS_TEST_TMPDIR")" = .env ]
}

@test "a folder that cannot be written to is an error, and nothing is left" {
  run "$SERVER/generate-secrets.sh" "$BATS_TEST_TMPDIR/missing/.env"
  [ "$status" -ne 0 ]
}
