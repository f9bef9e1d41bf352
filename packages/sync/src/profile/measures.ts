/** The units that measures are told in. A source that counts in others converts before it answers. */
export const UNITS = ['ms', 'bytes', 'rows', 'records', 'calls'] as const;

export type Unit = (typeof UNITS)[number];

/** Everything that is measured of a statement, and in which unit: the one place where that is said. */
export const MEASURES = {
  planning_time: 'ms',
  execution_time: 'ms',
  /** Of the server's process, planning included. */
  cpu_time: 'ms',
  /** Read by a fetch; changed by the others. */
  rows: 'rows',
  buffers_hit: 'bytes',
  buffers_read: 'bytes',
  buffers_dirtied: 'bytes',
  buffers_written: 'bytes',
  temporary_read: 'bytes',
  temporary_written: 'bytes',
  wal_size: 'bytes',
  wal_records: 'records',
  /** How often the server remembers to have run this statement, and how long it took then. */
  usual_calls: 'calls',
  usual_time: 'ms',
} as const satisfies Record<string, Unit>;

export type MeasureName = keyof typeof MEASURES;

export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[];

/** Without these a profile says nothing: no source may lack them. */
export const ESSENTIAL: readonly MeasureName[] = ['execution_time', 'rows'];

export type Measures = Readonly<Partial<Record<MeasureName, number>>>;

/** Measures that are not there, each with the reason. */
export type Lacking = Readonly<Partial<Record<MeasureName, string>>>;
