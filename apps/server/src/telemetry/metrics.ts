import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { VERSION } from '../version.ts';
import { METRICS, type MetricDeclaration } from './declarations.ts';

type Declarations = typeof METRICS;
type LabelOf<D> = D extends MetricDeclaration<infer Label> ? Label : never;
type InstrumentOf<D> = D extends { type: 'counter' }
  ? Counter<LabelOf<D>>
  : D extends { type: 'gauge' }
    ? Gauge<LabelOf<D>>
    : Histogram<LabelOf<D>>;

/** One instrument for each declared metric, by its key there. */
export type Metrics = { readonly [Key in keyof Declarations]: InstrumentOf<Declarations[Key]> } & {
  readonly registry: Registry;
  /** Of what is not known right now nothing is told, rather than something old. */
  forgetInstallation(): void;
};

/** The metrics of one process. Everything is counted all the time, which costs next to nothing; scrapes only read. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const forgetInstallation = () => {
    for (const { name, scope, labels } of Object.values(METRICS)) {
      const metric = scope === 'installation' ? registry.getSingleMetric(name) : undefined;
      // Each of the two does it only for one of the two kinds.
      if (labels.length > 0) metric?.reset();
      else metric?.remove();
    }
  };
  const instruments = Object.entries(METRICS).map(([key, declaration]) => [key, instrumentOf(declaration, registry)]);
  // Each instrument is of the type and has the labels of its declaration.
  const metrics = { ...Object.fromEntries(instruments), registry, forgetInstallation } as Metrics;
  metrics.buildInfo.set({ version: VERSION }, 1);
  return metrics;
}

function instrumentOf(declaration: MetricDeclaration, registry: Registry): Counter | Gauge | Histogram {
  const { name, help, labels } = declaration;
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (declaration.type === 'histogram') return new Histogram({ ...options, buckets: [...declaration.buckets] });
  return declaration.type === 'counter' ? new Counter(options) : new Gauge(options);
}
