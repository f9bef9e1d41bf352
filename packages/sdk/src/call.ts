import type { RouteReply, RouteRequest, RouteStep, routes } from '@hexclave/contract';
import { parseJson } from './answer-error.ts';
import { type RequestParts, toApiRequest } from './api-request.ts';
import { notUnderstood } from './errors.ts';
import type { Settings } from './options.ts';
import { ASK_FOR_STEPS, readSteps, tellsSteps } from './read-steps.ts';
import { type ApiRequest, type CallOptions, send } from './transport.ts';

/** Every route of the contract, by its name there. */
export type RouteName = keyof typeof routes;
export type RequestOf<Name extends RouteName> = RouteRequest<(typeof routes)[Name]>;
export type ReplyOf<Name extends RouteName> = RouteReply<(typeof routes)[Name]>;

export type StepOf<Name extends RouteName> = RouteStep<(typeof routes)[Name]>;

/** For a route that tells what it does while it works. */
export type StepOptions<Step> = CallOptions & {
  /** Called for each step as soon as the server is done with it. */
  onStep?: (step: Step) => void;
};

/** Calls a route by its name in the contract: `call('getUser', { params: { user_id } })`. */
export type Call = <Name extends RouteName>(
  name: Name,
  request: RequestOf<Name>,
  options?: StepOptions<StepOf<Name>>,
) => Promise<ReplyOf<Name>>;

export function createCall(settings: Settings): Call {
  return async (name, request, options = {}) => {
    const { onStep } = options;
    const asked = toApiRequest(name, request as RequestParts);
    const reply =
      onStep === undefined
        ? await send(settings, asked, options, (response) => readJson(settings, response))
        : await callInSteps(settings, asked, options, onStep as (step: unknown) => void);
    return reply as ReplyOf<typeof name>;
  };
}

async function callInSteps(
  settings: Settings,
  asked: ApiRequest,
  options: CallOptions,
  onStep: (step: unknown) => void,
): Promise<unknown> {
  // The time-out of an attempt holds until the first step comes; each that follows has as much time again.
  const read = await send(settings, { ...asked, headers: ASK_FOR_STEPS }, options, async (response) => {
    if (tellsSteps(response)) return () => readSteps(settings, response, options, onStep);
    const reply = await readJson(settings, response);
    return async () => reply;
  });
  return read();
}

async function readJson({ server }: Settings, response: Response): Promise<unknown> {
  const value = parseJson(await response.text());
  if (value === undefined) throw notUnderstood(server, `answered with status ${response.status} and no JSON`);
  return value;
}
