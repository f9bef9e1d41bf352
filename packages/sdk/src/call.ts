import type { RouteReply, RouteRequest, routes } from '@hexclave/contract';
import { parseJson } from './answer-error.ts';
import { type RequestParts, toApiRequest } from './api-request.ts';
import { notUnderstood } from './errors.ts';
import type { Settings } from './options.ts';
import { type CallOptions, send } from './transport.ts';

/** Every route of the contract, by its name there. */
export type RouteName = keyof typeof routes;
export type RequestOf<Name extends RouteName> = RouteRequest<(typeof routes)[Name]>;
export type ReplyOf<Name extends RouteName> = RouteReply<(typeof routes)[Name]>;

/** Calls a route by its name in the contract: `call('getUser', { params: { user_id } })`. */
export type Call = <Name extends RouteName>(
  name: Name,
  request: RequestOf<Name>,
  options?: CallOptions,
) => Promise<ReplyOf<Name>>;

export function createCall(settings: Settings): Call {
  return async (name, request, options = {}) => {
    const reply = await send(settings, toApiRequest(name, request as RequestParts), options, (response) =>
      readJson(settings, response),
    );
    return reply as ReplyOf<typeof name>;
  };
}

async function readJson({ server }: Settings, response: Response): Promise<unknown> {
  const value = parseJson(await response.text());
  if (value === undefined) throw notUnderstood(server, `answered with status ${response.status} and no JSON`);
  return value;
}
