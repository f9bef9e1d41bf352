/**
 * The driver fills in whatever a connection leaves open from PG* variables. Those of the operator's shell are meant for
 * psql; here they could send a project's rows to another server.
 */
export function forgetDriverDefaults(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];
}
