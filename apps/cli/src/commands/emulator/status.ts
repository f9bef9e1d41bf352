import { command } from '../../declare/command.ts';
import { flag } from '../../declare/values.ts';
import { homeOf } from '../../emulator/home.ts';
import { describeEmulator, shownEmulator, shownOutcome } from './shown.ts';

export const emulatorStatus = command({
  name: 'status',
  summary: 'Show whether the emulator runs, where, and how to sign in',
  options: { showKeys: flag('--show-keys', 'shows the keys of the project internal') },
  examples: ['hexclave emulator status', 'hexclave emulator status --show-keys --json'],
  json: {
    words: '`state` is `running`, `not answering` or `stopped`; `keys` is null without --show-keys.',
    schema: shownEmulator,
  },
  failsWhen: 'it does not run, or does not answer.',
  run: async ({ options }, context) => {
    const shown = await describeEmulator(homeOf(context), { keys: options.showKeys });
    const outcome = shownOutcome(shown, 'Local emulator', context);
    return { ...outcome, exitCode: shown.state === 'running' ? 0 : 1 };
  },
});
