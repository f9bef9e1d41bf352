import type { Figure } from '../figure.ts';
import { catchUp } from './catch-up.ts';
import { firstCopy } from './first-copy.ts';
import { latency } from './latency.ts';

/** In the order in which they are measured. */
export const figures: readonly Figure[] = [firstCopy, catchUp, latency];
