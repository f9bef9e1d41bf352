import { group } from '../../declare/command.ts';
import { audit } from './audit.ts';
import { enqueue, pause, resume, retry } from './controls.ts';
import { add, remove, roleSql } from './databases.ts';
import { fusebox } from './fusebox.ts';
import { profile } from './profile.ts';
import { resync } from './resync.ts';
import { status } from './status.ts';
import { testConnection } from './test-connection.ts';
import { verify } from './verify.ts';
import { watch } from './watch/index.ts';

export const dbSync = group({
  name: 'db-sync',
  summary: 'See and control the copies in external databases',
  commands: [
    ...[status, watch, verify, profile, resync, enqueue, retry, pause, resume],
    ...[add, testConnection, roleSql, remove, fusebox, audit],
  ],
});
