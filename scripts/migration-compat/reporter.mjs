import { writeSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * Tells migration-compat about each test file as it ends, a line of JSON each, on file descriptor 3. Loaded by the
 * vitest of the commit that is being tested, which may be older than this file: it only uses what vitest 3 has.
 */
export default class CompatReporter {
  onTestModuleEnd(module) {
    const file = module.relativeModuleId ?? relative(process.cwd(), module.moduleId);
    const leftOut = module
      .errors()
      .find(({ name }) => name === 'MigrationLeftOut')
      ?.message.split(',');
    if (leftOut !== undefined) return tell({ file, ran: 0, failures: [], leftOut });
    const failures = [...module.children.allTests('failed')].map((test) => ({
      test: test.fullName,
      message: firstMessage(test.result().errors),
    }));
    const broken = module.errors().map(({ message }) => ({ test: '(the file itself)', message }));
    tell({ file, ran: count(module), failures: [...failures, ...broken], leftOut: [] });
  }

  onTestRunEnd(_modules, errors) {
    for (const { message } of errors)
      tell({ file: '(outside of tests)', ran: 0, failures: [{ test: '', message }], leftOut: [] });
  }
}

function count(module) {
  return [...module.children.allTests()].filter((test) => test.result().state !== 'skipped').length;
}

function firstMessage(errors) {
  return String(errors?.[0]?.message ?? 'no message');
}

function tell(event) {
  writeSync(3, `${JSON.stringify(event)}\n`);
}
