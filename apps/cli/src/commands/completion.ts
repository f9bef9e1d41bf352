import { oneOf } from '@hexclave/env';
import { z } from 'zod';
import { COMPLETION_SCRIPTS } from '../completion/scripts.ts';
import { command } from '../declare/command.ts';
import { argument } from '../declare/values.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completion = command({
  name: 'completion',
  summary: 'Print a script that makes a shell complete commands, options and names',
  details: `Names of external databases and projects come from the server.
bash: add  eval "$(hexclave completion bash)"  to ~/.bashrc
zsh:  add  eval "$(hexclave completion zsh)"  to ~/.zshrc, after compinit
fish: hexclave completion fish > ~/.config/fish/completions/hexclave.fish`,
  args: { shell: argument('shell', SHELLS.join(', '), { choices: SHELLS }, oneOf(SHELLS)) },
  json: { words: '`{shell, script}`.', schema: z.object({ shell: z.enum(SHELLS), script: z.string() }) },
  run: async ({ args: { shell } }) => {
    const script = COMPLETION_SCRIPTS[shell];
    return { json: { shell, script }, text: () => script.trimEnd() };
  },
});
