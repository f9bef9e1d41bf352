import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from './play.ts';
import type { Phase } from './workload.ts';

/** A bar in a terminal, a line a phase elsewhere. */
export function createProgress(phases: Phase[]): Progress {
  return process.stdout.isTTY ? bar(phases) : lines();
}

function bar(phases: Phase[]): Progress {
  const total = phases.reduce((sum, { steps }) => sum + steps.length, 0);
  const single = new SingleBar(
    { format: '  {bar} {percentage} %  {value}/{total} calls  {phase}', stream: process.stdout, hideCursor: true },
    Presets.shades_classic,
  );
  single.start(total, 0, { phase: '' });
  return {
    begin: ({ name }) => single.update({ phase: name }),
    step: () => single.increment(),
    end: () => {
      single.update({ phase: '' });
      single.stop();
    },
  };
}

function lines(): Progress {
  return {
    begin: ({ name, steps }) => console.log(`  ${name}: ${steps.length.toLocaleString('en')} calls`),
    step: () => undefined,
    end: () => undefined,
  };
}
