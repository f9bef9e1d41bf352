import type { Figure } from '../figure.ts';
import { catchUp } from './catch-up.ts';
import { costPerChange } from './cost-per-change.ts';
import { firstCopy } from './first-copy.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { slowLink } from './slow-link.ts';
import { status } from './status.ts';
import { writeCost } from './write-cost.ts';

/** In the order in which they are measured. */
export const figures: readonly Figure[] = [
  firstCopy,
  catchUp,
  latency,
  slowLink,
  writeCost,
  memory,
  costPerChange,
  idle,
  status,
];
