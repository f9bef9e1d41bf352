import type pg from 'pg';
import pgModule from 'pg';

const INT8_OID = 20;

/**
 * Result types of our own connections. `int8` becomes `bigint`: sequence ids grow past 2^53, where a
 * JavaScript number starts to round.
 */
export const resultTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID
      ? (value: string) => BigInt(value)
      : // The driver's own overloads cannot be named from outside; they are passed through unchanged.
        pgModule.types.getTypeParser(oid, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
};
