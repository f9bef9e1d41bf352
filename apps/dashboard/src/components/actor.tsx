import type { Actor } from '@hexclave/contract';

const WHO: Record<Actor['kind'], string> = {
  operator: 'Operator',
  owner: 'Project admin',
  server: 'The server',
  unknown: 'Unknown',
};
const FROM: Record<Actor['origin'], string> = { api: 'API', dashboard: 'dashboard', cli: 'command line', server: '' };

/** Who did something, by which key, and from where. */
export function ActorName({ actor }: { actor: Actor }) {
  const key = actor.key_hint === null ? '' : `key …${actor.key_hint}`;
  const facts = [key, FROM[actor.origin]].filter((fact) => fact !== '').join(', ');
  return (
    <span title={actor.key_set_id ?? undefined}>
      {WHO[actor.kind]}
      {facts !== '' && ` (${facts})`}
    </span>
  );
}
