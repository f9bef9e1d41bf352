import { randomBytes } from 'node:crypto';
import { ROW_CANARY } from '../workload/values.ts';

/** Every password of a target begins with this, so that one search finds any of them. */
export const PASSWORD_CANARY = 'canary-password-';

/** What must not appear in anything that is emitted. */
export const CANARIES = [ROW_CANARY, PASSWORD_CANARY] as const;

export function newPassword(): string {
  return PASSWORD_CANARY + randomBytes(12).toString('hex');
}
