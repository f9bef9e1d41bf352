import type { Bench } from '../bench.ts';
import { atLeast, type Figure } from '../figure.ts';
import { interleaved } from '../measure/rounds.ts';
import { median } from '../measure/statistics.ts';
import type { DelayProxyHandlers } from '../processes/delay-proxy.ts';
import { type CaughtUp, catchUpWithHexclave, createCaughtUp } from './catch-up.ts';
import { copyWithHexclave } from './first-copy.ts';

/** Half of the round trip, for each direction. */
const ONE_WAY_MS = 10;
const AGAINST = 'its own loopback figure';

/** First copy and catch-up through a proxy that delays everything between the engine and the target. */
export const slowLink: Figure = {
  name: 'slow-link',
  measure: async (bench) => {
    const { target } = await bench.clusters();
    const proxy = bench.start<DelayProxyHandlers>('delay-proxy');
    const port = await proxy.call('listen', target.port, ONE_WAY_MS);
    const near = await createCaughtUp(bench);
    const far = await createCaughtUp(bench, port);
    const copies = await interleaved(bench, {
      loopback: () => copyWithHexclave(bench, near.internal),
      far: () => copyWithHexclave(bench, near.internal, port),
    });
    const catchUps = await measureCatchUps(bench, near, far);
    await near.drop();
    await far.drop();
    await proxy.stop();
    return [comparison(bench, 'slow-link-first-copy', copies), comparison(bench, 'slow-link-catch-up', catchUps)];
  },
};

type Seconds = { readonly loopback: readonly number[]; readonly far: readonly number[] };

function measureCatchUps(bench: Bench, near: CaughtUp, far: CaughtUp): Promise<Seconds> {
  return interleaved(bench, {
    loopback: () => catchUpWithHexclave(bench, near),
    far: () => catchUpWithHexclave(bench, far),
  });
}

function comparison({ options }: Bench, name: string, { loopback, far }: Seconds) {
  const value = options.rows / median(far);
  return atLeast(0.7, { name, unit: 'rows/s', value, baseline: options.rows / median(loopback), against: AGAINST });
}
