/** The steps of a connection test, in the order in which they are told. A kind that has no such step skips it. */
export const CONNECTION_STEPS = [
  'dns',
  'tcp',
  'tls',
  'sign_in',
  'privileges',
  'version',
  'schema',
  'round_trip',
] as const;

export type ConnectionStepName = (typeof CONNECTION_STEPS)[number];

/** What is where a copy is to be. `foreign`: tables of others, which are left alone. */
export const SCHEMA_STATES = ['missing', 'empty', 'ours', 'foreign', 'another_project'] as const;

export type SchemaState = (typeof SCHEMA_STATES)[number];
