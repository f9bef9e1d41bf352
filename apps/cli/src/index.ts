export type { AnyCommand, Group, Node } from './declare/command.ts';
export { GLOBAL_OPTIONS } from './declare/globals.ts';
export { EXIT_CODES } from './exit-codes.ts';
export { PROGRAM } from './program.ts';
