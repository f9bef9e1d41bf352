import { quoteLiteral } from '@hexclave/db';
import type { DestinationErrorCode } from '@hexclave/sync';

/** SQLSTATEs that statements of ours raise: outside every class that PostgreSQL uses. */
export const OWN_SQLSTATES: Readonly<Record<string, DestinationErrorCode>> = {
  HXF02: 'TARGET_OWNED_BY_ANOTHER_PROJECT',
  HXF03: 'TARGET_UNSUPPORTED_VERSION',
  HXF04: 'TARGET_IS_INTERNAL_DATABASE',
};

/** SQL that fails with one of these, and with it whatever else is sent along, if a condition holds. */
export function refuseIf(condition: string, code: DestinationErrorCode): string {
  return `DO ${quoteLiteral(`BEGIN ${refusal(condition, code)} END`)}`;
}

/** The same as a statement of PL/pgSQL. */
export function refusal(condition: string, code: DestinationErrorCode): string {
  const [sqlState] = Object.entries(OWN_SQLSTATES).find(([, own]) => own === code) ?? [];
  if (sqlState === undefined) throw new Error(`No SQLSTATE of ours stands for ${code}`);
  return `IF ${condition} THEN RAISE EXCEPTION USING ERRCODE = '${sqlState}', MESSAGE = '${code}'; END IF;`;
}
