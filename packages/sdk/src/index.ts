export { applyStatusMessage } from './apply-status.ts';
export type { Call, ReplyOf, RequestOf, RouteName, StepOf, StepOptions } from './call.ts';
export { type Client, createClient } from './client.ts';
export { ApiError, isApiError } from './errors.ts';
export type { Access, ClientOptions, Keys } from './options.ts';
export type { CallOptions } from './transport.ts';
export type { StatusMessage, WatchQuery } from './watch-status.ts';
