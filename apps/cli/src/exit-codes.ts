/** How the program can end. Numbers are part of the product's surface: scripts compare them. */
export const EXIT_CODES = {
  done: { code: 0, meaning: 'It is done, and nothing is wrong.' },
  found: { code: 1, meaning: 'It was looked at, and something is wrong; each command says what that means for it.' },
  usage: {
    code: 2,
    meaning: 'The command line is not one that can be carried out, or has a secret in it. Nothing was done.',
  },
  settings: { code: 3, meaning: 'The environment or the configuration file cannot be used. Nothing was done.' },
  access: { code: 4, meaning: 'A key is missing, or the server refuses it.' },
  missing: { code: 5, meaning: 'What was named does not exist.' },
  refused: { code: 6, meaning: 'The server, or a database, understood the request and refuses it as it is.' },
  unavailable: {
    code: 7,
    meaning: 'The server, or a database, cannot be reached or cannot answer now. Trying again later can succeed.',
  },
  unfinished: { code: 8, meaning: 'It could not be found out, or did not come to its end.' },
  bug: { code: 70, meaning: 'The program itself has failed: please report it.' },
  interrupted: { code: 130, meaning: 'It was stopped with Ctrl-C.' },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type ExitName = keyof typeof EXIT_CODES;
export type ExitCode = (typeof EXIT_CODES)[ExitName]['code'];
