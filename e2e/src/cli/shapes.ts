import { type AnyCommand, type Node, PROGRAM } from '@hexclave/cli';
import { routes } from '@hexclave/contract';
import type { z } from 'zod';

/** Every command, by its words. */
export function allCommands(
  nodes: readonly Node[] = PROGRAM.commands,
  prefix: readonly string[] = [],
): Map<string, AnyCommand> {
  return new Map(
    nodes.flatMap((node) => {
      const words = [...prefix, node.name];
      return node.kind === 'group' ? [...allCommands(node.commands, words)] : [[words.join(' '), node] as const];
    }),
  );
}

/** What a command says that it prints with `--json`: the answer of a route of the contract, or a schema of its own. */
export function shapeOf(name: string): z.ZodType {
  const { json } = allCommands().get(name) ?? {};
  const shape = json?.schema ?? (json?.route && (routes as Record<string, { reply?: z.ZodType }>)[json.route]?.reply);
  if (shape === undefined) throw new Error(`${name} declares no shape of its JSON`);
  return shape;
}
