import type { Shrunk } from '../plan/shrink.ts';

const SHOWN = 20;
const WIDTH = 400;

/** What is left of a run that fails, for the terminal. */
export function describeShrunk({ plan: { faults, transactions }, replays, isDone }: Shrunk): string {
  const end = isDone ? 'and no part of it is to be spared' : 'where replays or time were over';
  return [
    `After ${replays} replays it still fails with ${faults.length} faults and ${transactions.length} transactions, ${end}:`,
    ...faults.map((fault) => `  ${JSON.stringify(fault)}`),
    ...transactions.slice(0, SHOWN).map((transaction) => `  ${JSON.stringify(transaction).slice(0, WIDTH)}`),
  ].join('\n');
}
