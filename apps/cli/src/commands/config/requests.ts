import { isObject } from '@hexclave/config';
import type { Context } from '../../context.ts';
import type { Outcome } from '../../declare/command.ts';
import { printable } from '../../output/printable.ts';

/** The configuration in force, or only what has been set. */
export async function readConfig(onlyOwn: boolean, context: Context): Promise<Record<string, unknown>> {
  const api = await context.api('admin');
  const { config_string: text } = await api.call(onlyOwn ? 'getConfigOverride' : 'getConfig', {});
  const document: unknown = JSON.parse(text);
  return isObject(document) ? document : {};
}

export async function sendChanges(changes: Record<string, unknown>, context: Context): Promise<Outcome> {
  const api = await context.api('admin');
  await api.call('patchConfigOverride', { body: { config_override_string: JSON.stringify(changes) } });
  const paths = Object.keys(changes);
  return { json: { changed: paths }, text: () => `Changed ${printable(paths.join(', '))}.` };
}
