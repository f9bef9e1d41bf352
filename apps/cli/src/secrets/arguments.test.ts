import { expect, test } from 'vitest';
import { refuseSecrets } from './arguments.ts';

test.each([
  ['a dotted path', ['config', 'get', 'dbSync.externalDatabases.main']],
  ['an address without a password', ['--api-url', 'https://hexclave.example.com:8102/base?x=1']],
  ['an address with a user only', ['postgresql://hexclave@db.example.com/shop']],
  ['a publishable key', ['pck_abcdefghijklmnop']],
  ['the name of a variable', ['--from-env', 'SHOP_PASSWORD']],
  ['a switch that asks', ['users', 'create', '--ask-password', '--password-stdin']],
  ['a cursor of a list', ['--cursor', 'WyIyMDI2LTExLTIyIDIzOjU4OjA3LjgyOTM3MSswMCIsIjhmYmI5ZDA2LTZjNjQtNDc1MSJd']],
  ['an id', ['users', 'get', '3241a285-8329-4d69-8f3d-316e08cf140c']],
])('%s is no secret', (_what, args) => {
  expect(() => refuseSecrets(args)).not.toThrow();
});

test.each([
  ['Bearer abcdefghijklmnop'],
  ['host=db user=u password=hunter2'],
  ['https://user:hunter2@example.com/'],
  ['0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x'],
  ['--token=hunter2'],
])('%s is refused and not repeated', (arg) => {
  expect(() => refuseSecrets(['users', arg])).toThrow(/^Argument 2 looks like/);
  expect(() => refuseSecrets(['users', arg])).not.toThrow(/hunter2/);
});
