import { CONNECTION_STEPS } from '@hexclave/config';
import type { ConnectionTestStep } from '@hexclave/contract';
import { createLogUpdate } from 'log-update';
import { printable } from '../../output/printable.ts';
import type { Styles } from '../../output/styles.ts';
import { remedyLines } from '../../output/sync-words.ts';
import { duration } from '../../output/words.ts';

const NAMES: Record<ConnectionTestStep['step'], string> = {
  dns: 'DNS',
  tcp: 'TCP',
  tls: 'TLS',
  sign_in: 'sign-in',
  privileges: 'privileges',
  version: 'version',
  schema: 'schema',
  round_trip: 'round trip',
};
const NAME_WIDTH = 11;

/** Shows the steps of a connection test while they are taken. */
export type StepView = {
  show(step: ConnectionTestStep): void;
  end(): void;
};

/** A line for each step, once it is known what became of it; in a terminal also the one that is being tried. */
export function createStepView(output: NodeJS.WriteStream, styles: Styles): StepView {
  if (!output.isTTY) return { show: (step) => output.write(`${describeStep(step, styles)}\n`), end: () => undefined };
  const update = createLogUpdate(output);
  const lines: string[] = [];
  const draw = () => {
    const next = CONNECTION_STEPS[lines.length];
    update([...lines, ...(next === undefined ? [] : [styles.dim(`… ${NAMES[next]}`)])].join('\n'));
  };
  draw();
  return {
    show: (step) => {
      lines.push(describeStep(step, styles));
      draw();
    },
    end: () => {
      update(lines.join('\n'));
      update.done();
    },
  };
}

function describeStep(step: ConnectionTestStep, styles: Styles): string {
  const marks = { ok: styles.green('✓'), failed: styles.red('✗'), skipped: styles.dim('–') };
  const took = step.duration_ms === null ? '' : styles.dim(` ${duration(step.duration_ms)}`);
  const state = step.sql_state === null ? '' : styles.dim(` (SQLSTATE ${printable(step.sql_state)})`);
  return [
    `${marks[step.outcome]} ${NAMES[step.step].padEnd(NAME_WIDTH)} ${printable(step.message)}${state}${took}`,
    ...(step.remedy === null ? [] : remedyLines(step.remedy, styles).map((line) => `  ${line}`)),
  ].join('\n');
}
