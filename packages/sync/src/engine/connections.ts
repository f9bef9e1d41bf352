import type { Catalog } from '../declare/catalog.ts';
import type { DestinationConnection, TargetOwner } from '../destination.ts';
import { type ExternalDatabase, type Route, routesOf } from './external-database.ts';
import type { MappingRun } from './mapping-run.ts';

/** Opens a connection to an external database: decrypts its configuration and picks the kind of destination. */
export type Connect = (database: ExternalDatabase, owner: TargetOwner) => Promise<DestinationConnection>;

/** A connection kept between runs, with what is known of its target. */
export type KeptConnection = {
  readonly connection: DestinationConnection;
  readonly generation: bigint;
  /** Prepared mappings by name; their positions spare a run from asking the target. */
  readonly runs: Map<string, MappingRun>;
  readonly routes: readonly Route[];
  /** When the state last said that the database answers, by `performance.now()`. */
  successSavedAt: number;
};

export type ConnectionKeeper = {
  /**
   * Runs `work` with the connection, alone; a connection that `work` throws over is closed. Returns `null`, and opens
   * nothing, if `mayBegin` says no when its turn has come.
   */
  use<T>(
    database: ExternalDatabase,
    siblingIds: readonly string[],
    mayBegin: () => Promise<boolean>,
    work: (kept: KeptConnection) => Promise<T>,
  ): Promise<T | null>;
  /** The connections of a tenancy that nobody uses right now, by the id of their database. */
  idleOf(tenancyId: string): Map<string, KeptConnection>;
  closeAll(): Promise<void>;
};

const IDLE_MS = 60_000;
const MOST_KEPT = 200;

type Slot = {
  of: Pick<ExternalDatabase, 'tenancyId' | 'id'>;
  kept: KeptConnection | null;
  tail: Promise<void>;
  users: number;
  idleTimer?: NodeJS.Timeout;
};

/** Keeps connections open between runs, for latency, but not for long and not too many. */
export function connectionKeeper(
  catalog: Catalog,
  connect: Connect,
  onLost: (database: ExternalDatabase) => void,
): ConnectionKeeper {
  const slots = new Map<string, Slot>();

  const close = async (key: string, slot: Slot) => {
    clearTimeout(slot.idleTimer);
    const { kept } = slot;
    slot.kept = null;
    if (slot.users === 0) slots.delete(key);
    await kept?.connection.close();
  };
  const closeLongestIdle = async () => {
    for (const [key, slot] of slots) {
      if (slots.size <= MOST_KEPT) return;
      if (slot.users === 0) await close(key, slot);
    }
  };
  const afterUse = (key: string, slot: Slot) => {
    slot.users -= 1;
    if (slot.users > 0) return;
    // Re-inserted, so that the map's order is the order of last use.
    slots.delete(key);
    slots.set(key, slot);
    slot.idleTimer = setTimeout(() => void close(key, slot), IDLE_MS);
    slot.idleTimer.unref();
  };
  const open = async (slot: Slot, database: ExternalDatabase, siblingIds: readonly string[]) => {
    if (slot.kept?.generation === database.generation) return slot.kept;
    await slot.kept?.connection.close();
    slot.kept = await connectAnew(slot, database, siblingIds);
    return slot.kept;
  };
  const connectAnew = async (slot: Slot, database: ExternalDatabase, siblingIds: readonly string[]) => {
    const owner = { tenancyId: database.tenancyId, externalDatabaseId: database.id, siblingIds };
    const connection = await connect(database, owner);
    const kept: KeptConnection = {
      connection,
      generation: database.generation,
      runs: new Map(),
      routes: routesOf(catalog, database),
      successSavedAt: Number.NEGATIVE_INFINITY,
    };
    connection.onLost(() => {
      if (slot.kept === kept) slot.kept = null;
      // Of a connection with several links one may break alone.
      void connection.close();
      onLost(database);
    });
    return kept;
  };

  return {
    use: async (database, siblingIds, mayBegin, work) => {
      const key = `${database.tenancyId}/${database.id}`;
      const slot = slots.get(key) ?? { of: database, kept: null, tail: Promise.resolve(), users: 0 };
      slots.set(key, slot);
      slot.users += 1;
      clearTimeout(slot.idleTimer);
      const attempt = async () => {
        if (!(await mayBegin())) return null;
        try {
          const kept = await open(slot, database, siblingIds);
          await closeLongestIdle();
          return await work(kept);
        } catch (error) {
          // Before the next in turn could take up a connection in an unknown state.
          await close(key, slot);
          throw error;
        }
      };
      return inTurn(slot, attempt).finally(() => afterUse(key, slot));
    },
    idleOf: (tenancyId) => {
      const idle = new Map<string, KeptConnection>();
      for (const { of, users, kept } of slots.values()) {
        if (of.tenancyId === tenancyId && users === 0 && kept !== null) idle.set(of.id, kept);
      }
      return idle;
    },
    closeAll: async () => {
      await Promise.all([...slots].map(([key, slot]) => close(key, slot)));
    },
  };
}

/** One after another, in the order in which they came. */
async function inTurn<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
  const before = slot.tail;
  const mine = before.then(work);
  slot.tail = mine.then(
    () => undefined,
    () => undefined,
  );
  return mine;
}
