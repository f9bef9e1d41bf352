import { createHash } from 'node:crypto';
import type { PlanNode } from './source.ts';

/** Plans of ours have about twenty steps; what a customer's partitions make of one must not fill the history. */
const MOST_NODES = 60;

/** All steps, the outer ones first. */
export function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...plan.children.flatMap(nodesOf)];
}

/** The same for equal shapes, whatever was counted. */
export function digestOf(plan: PlanNode): string {
  const shape = ({ node, relation, index, children }: PlanNode): unknown => [
    node,
    relation,
    index,
    children.map(shape),
  ];
  return createHash('sha256')
    .update(JSON.stringify(shape(plan)))
    .digest('hex')
    .slice(0, 16);
}

/** The plan with its first steps only, if it has too many. */
export function cut(plan: PlanNode): PlanNode {
  let left = MOST_NODES;
  const copy = (node: PlanNode): PlanNode => {
    left -= 1;
    const children: PlanNode[] = [];
    for (const child of node.children) if (left > 0) children.push(copy(child));
    return { ...node, children };
  };
  return copy(plan);
}

/** The indexes that were read, each once, sorted. */
export function indexesUsed(plan: PlanNode): string[] {
  return [...new Set(nodesOf(plan).flatMap(({ index }) => (index === null ? [] : [index])))].sort();
}

/** How many rows of a table were looked at by reading it from end to end; 0 where an index led to the rows. */
export function rowsScanned(plan: PlanNode, table: string): number {
  return nodesOf(plan)
    .filter(({ node, relation }) => node.endsWith('Seq Scan') && relation === table)
    .reduce((sum, { rows, removedRows }) => sum + rows + removedRows, 0);
}
