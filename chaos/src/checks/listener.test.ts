import { expect, test } from 'vitest';
import { CANARIES, PASSWORD_CANARY } from '../stage/secrets.ts';
import { ROW_CANARY } from '../workload/values.ts';
import { createEar } from './listener.ts';

const METRICS = { place: 'the metrics', isMetrics: true, canaries: CANARIES };
const ROWS = { place: 'the answer of /users', isMetrics: false, canaries: [PASSWORD_CANARY] };

test.each(CANARIES)('%s in a label of a metric is found', (canary) => {
  const ear = createEar();
  ear.hear(METRICS, { status: 200, body: `hexclave_sync_batches_total{mapping="${canary}1"} 1\n` });
  expect(ear.heard().leaks).toMatchObject([{ kind: 'secret leaked', what: expect.stringContaining('the metrics') }]);
});

test('an owner’s rows are no leak to their owner, but a password is; errors are searched as well', () => {
  const ear = createEar();
  ear.hear(ROWS, { status: 200, body: ROW_CANARY });
  expect(ear.heard().leaks).toEqual([]);
  ear.hear(ROWS, { status: 500, body: `${PASSWORD_CANARY}abc` });
  expect(ear.heard()).toMatchObject({ answers: 1, leaks: [{ kind: 'secret leaked' }] });
});

test('failures that were counted are known by their codes, and refused rows', () => {
  const ear = createEar();
  const body = [
    'hexclave_sync_failures_total{code="TARGET_UNREACHABLE"} 2',
    'hexclave_sync_failures_total{code="TARGET_DRIFT"} 0',
    'hexclave_sync_rows_parked_total{mapping="users"} 1',
  ].join('\n');
  ear.hear(METRICS, { status: 200, body });
  expect([...ear.heard().failures]).toEqual(['TARGET_UNREACHABLE', 'PARKED']);
});
