import type { Bench } from '../bench.ts';
import { atLeast, type Figure } from '../figure.ts';
import { interleaved } from '../measure/rounds.ts';
import { median } from '../measure/statistics.ts';
import type { DelayProxyHandlers } from '../processes/delay-proxy.ts';
import { attach, createInternal, fillInternal } from '../sides/hexclave.ts';
import { catchUpWithHexclave, copyOut } from './catch-up.ts';
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
    const internal = await createInternal(bench);
    await fillInternal(internal, bench.options.seed, bench.options.rows);
    const copies = await interleaved(bench, {
      loopback: () => copyWithHexclave(bench, internal),
      far: () => copyWithHexclave(bench, internal, port),
    });
    const ours = await copyOut(bench, internal);
    const catchUpThrough = async (through?: number) => {
      await attach(internal, ours.external, through);
      return catchUpWithHexclave(bench, ours);
    };
    const catchUps = await interleaved(bench, {
      loopback: () => catchUpThrough(),
      far: () => catchUpThrough(port),
    });
    await ours.drop();
    await proxy.stop();
    return [comparison(bench, 'slow-link-first-copy', copies), comparison(bench, 'slow-link-catch-up', catchUps)];
  },
};

type Seconds = { readonly loopback: readonly number[]; readonly far: readonly number[] };

function comparison({ options }: Bench, name: string, { loopback, far }: Seconds) {
  const value = options.rows / median(far);
  return atLeast(0.7, { name, unit: 'rows/s', value, baseline: options.rows / median(loopback), against: AGAINST });
}
