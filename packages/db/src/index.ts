export type { Database, DatabaseOptions, Preparing, Queryable, TransactionOptions } from './database.ts';
export { CommitUnknownError, createDatabase } from './database.ts';
export { NOT_DURABLE } from './durability.ts';
export { quoteIdentifier, quoteLiteral } from './quote.ts';
export type { Retryability } from './retry.ts';
export { backoffMs, errorCode, retryability } from './retry.ts';
export { resultTypes } from './types.ts';
