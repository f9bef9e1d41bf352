import type { Fusebox } from '@hexclave/contract';
import { oneOf } from '@hexclave/env';
import type { Context } from '../../context.ts';
import { command, group } from '../../declare/command.ts';
import { argument } from '../../declare/values.ts';
import type { Styles } from '../../output/styles.ts';
import { table } from '../../output/table.ts';
import { moment } from '../../output/words.ts';
import { usageProblem } from '../../problem.ts';
import { reasonOption } from './arguments.ts';

const SWITCHES = ['sequencer', 'poller', 'outgoing-requests', 'sync-engine', 'all'] as const;
type Switch = (typeof SWITCHES)[number];

const switchArgument = argument('switch', `one of ${SWITCHES.join(', ')}`, { choices: SWITCHES }, oneOf(SWITCHES));
const DETAILS = 'Takes effect on every server within five seconds. Nothing is lost while a part is off.';
const json = { words: 'the switches, with who flipped them, when and why.' } as const;

const show = command({
  name: 'show',
  summary: 'Show the switches of the pipeline, as the operator',
  json: { ...json, route: 'getFusebox' },
  run: async (_input, context) => {
    const fusebox = await (await context.operatorApi()).call('getFusebox', {});
    return { json: fusebox, text: (styles) => describe(fusebox, styles) };
  },
});

const off = command({
  name: 'off',
  summary: 'Switch a part of the pipeline off, for all projects',
  details: DETAILS,
  args: { switch: switchArgument },
  options: { reason: reasonOption },
  examples: ["hexclave db-sync fusebox off sync-engine --reason 'the network is being moved'"],
  json: { ...json, route: 'updateFusebox' },
  run: async ({ args, options }, context) => flip(args.switch, false, options.reason, context),
});

const on = command({
  name: 'on',
  summary: 'Switch a part of the pipeline on again',
  details: DETAILS,
  args: { switch: switchArgument },
  options: { reason: reasonOption },
  json: { ...json, route: 'updateFusebox' },
  run: async ({ args, options }, context) => flip(args.switch, true, options.reason, context),
});

async function flip(name: Switch, enabled: boolean, reason: string | undefined, context: Context) {
  if (reason === undefined) {
    throw usageProblem('A switch needs a reason: whoever finds it later wants to know why.', 'Add --reason "…".');
  }
  const api = await context.operatorApi();
  const fusebox = await api.call('updateFusebox', { body: { ...positions(name, enabled), reason } });
  return { json: fusebox, text: (styles: Styles) => describe(fusebox, styles) };
}

function positions(name: Switch, enabled: boolean) {
  const has = (one: Switch) => (name === 'all' || name === one ? enabled : undefined);
  return {
    sequencer: has('sequencer'),
    poller: has('poller'),
    outgoing_requests: has('outgoing-requests'),
    sync_engine: has('sync-engine'),
  };
}

const COLUMNS = [{ name: 'SWITCH' }, { name: 'POSITION' }, { name: 'SINCE' }, { name: 'BY' }, { name: 'REASON' }];

function describe(fusebox: Fusebox, styles: Styles): string {
  const rows = Object.entries(fusebox).map(([name, { enabled, changed }]) => [
    name.replaceAll('_', '-'),
    { text: enabled ? 'on' : 'off', style: enabled ? styles.green : styles.red },
    changed === null ? '' : moment(changed.at_millis),
    changed === null ? '' : `${changed.by.kind} …${changed.by.key_hint ?? ''} (${changed.by.origin})`,
    changed?.reason ?? '',
  ]);
  return table(COLUMNS, rows, styles);
}

export const fusebox = group({
  name: 'fusebox',
  summary: 'Show and flip the switches that stop parts of the pipeline',
  commands: [show, off, on],
});
