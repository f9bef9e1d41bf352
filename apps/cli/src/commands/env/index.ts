import { group } from '../../declare/command.ts';
import { checkEnv } from './check.ts';
import { migrateEnv } from './migrate.ts';

export const env = group({
  name: 'env',
  summary: 'Explain and renew .env files',
  details: 'Every variable that begins with HEXCLAVE_ works under its older name, which begins with STACK_, too.',
  commands: [checkEnv, migrateEnv],
});
