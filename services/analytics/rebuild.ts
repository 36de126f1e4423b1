/**
 * The facts made again from the logs (domain.md 11): into a shadow beside the store, which goes on answering and hearing; then, at one watermark,
 * compared row by row; at no difference the shadow takes the store's place. After a difference it does so only when somebody who has seen it says so.
 */
import type { LogReader } from '../../platform/log.ts';
import { Problem } from '../../platform/route.ts';
import type { Batching, Source } from './batch.ts';
import { type Compared, compare_table, compared_tables } from './compare.ts';
import { type Hearing, type HearingGiven, read_batch } from './hearing.ts';
import { verify_logs } from './verify.ts';
import type { Warehouse } from './warehouses/warehouse.ts';

export type RebuildState = 'none' | 'reading' | 'comparing' | 'replacing' | 'done' | 'diverged' | 'failed';

export interface RebuildProgress {
  readonly state: RebuildState;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  /** Read so far, and how many of them a second. */
  readonly events: number;
  readonly events_per_second: number;
  readonly logs: readonly { readonly log: string; readonly position: number; readonly head: number }[];
  readonly tables: readonly Compared[];
  /** Rows, over all tables; null until all are compared. */
  readonly differing: number | null;
  readonly detail: string | null;
}

export interface Rebuild {
  /** Begins one, or puts a diverged shadow in place by `force`. While one runs it goes on. Errors: Problem 409 `nothing_diverged`. */
  begin(how: { readonly force: boolean }): RebuildProgress;
  progress(): RebuildProgress;
  /** Resolves when none runs. */
  ended(): Promise<void>;
}

/** What may be left to read, in a second or two, while the store stands still. */
const standing_still_events_max = 25_000;

export interface RebuildGiven extends HearingGiven {
  readonly hearing: Hearing;
  readonly stopping: AbortSignal;
}

const nothing: RebuildProgress = {
  state: 'none',
  started_at: null,
  ended_at: null,
  events: 0,
  events_per_second: 0,
  logs: [],
  tables: [],
  differing: null,
  detail: null,
};

export function rebuild_of(given: RebuildGiven): Rebuild {
  let now = nothing;
  let running: Promise<void> = Promise.resolve();
  const tell = (news: Partial<RebuildProgress>) => {
    now = { ...now, ...news };
  };
  const is_running = () => ['reading', 'comparing', 'replacing'].includes(now.state);
  const run = (work: () => Promise<void>) => {
    running = work().catch((error: unknown) => {
      given.logger.error({ error }, 'the rebuild of analytics failed; the facts are those from before');
      tell({
        state: 'failed',
        detail: given.stopping.aborted ? 'The process ended; begin again.' : String(error),
        ended_at: given.clock.now(),
      });
    });
  };
  return {
    begin({ force }) {
      if (is_running()) return now;
      if (force && now.state !== 'diverged')
        throw new Problem(409, 'nothing_diverged', 'No rebuild has ended with a difference: there is nothing to force.');
      if (force) {
        tell({ state: 'replacing', detail: null, ended_at: null });
        run(() => given.hearing.while_still(() => replace(given, tell)));
      } else {
        now = { ...nothing, state: 'reading', started_at: given.clock.now() };
        run(() => rebuild(given, tell));
      }
      return now;
    },
    progress: () => now,
    ended: () => running,
  };
}

type Tell = (news: Partial<RebuildProgress>) => void;

async function rebuild(given: RebuildGiven, tell: Tell): Promise<void> {
  const shadow = await given.warehouse.shadow();
  let is_open = true;
  const close = async () => {
    if (is_open) await shadow.close();
    is_open = false;
  };
  try {
    const sources = await shadow_sources(given, shadow);
    const count = counter(given, tell);
    // Most of it beside the store, which goes on: while it does there is always one more. The last batch while it stands still.
    await read_up_to_live(given, shadow, sources, count, Math.min(given.batching.events_max, standing_still_events_max));
    await given.hearing.while_still(async () => {
      await read_up_to_live(given, shadow, sources, count, 0);
      tell({ state: 'comparing' });
      const differing = await compare(given, shadow, tell);
      await close();
      if (differing === 0) await replace(given, tell);
      else
        tell({
          state: 'diverged',
          detail: `${differing} rows differ. See them, then decide: force puts the new ones in place.`,
          ended_at: given.clock.now(),
        });
    });
  } finally {
    await close();
  }
}

async function replace({ warehouse, clock }: RebuildGiven, tell: Tell): Promise<void> {
  tell({ state: 'replacing' });
  await warehouse.replace_by_shadow();
  tell({ state: 'done', ended_at: clock.now() });
}

/** The logs again, from their beginnings, and never further than the store has applied them. */
async function shadow_sources({ hearing, readers, folder }: RebuildGiven, shadow: Warehouse): Promise<Source[]> {
  const position_of = (log: string) => hearing.sources().find(source => source.reader.source === log)?.position ?? 0;
  const capped = readers.map(
    (reader): LogReader => ({
      ...reader,
      async read(after, types) {
        const end = position_of(reader.source);
        if (after >= end) return { events: [], upto: after };
        const slice = await reader.read(after, types);
        return { events: slice.events.filter(event => event.position <= end), upto: Math.min(slice.upto, end) };
      },
      head: async () => position_of(reader.source),
    }),
  );
  const verified = await verify_logs(capped, await shadow.positions(), folder);
  return verified.map(({ reader, marks }) => ({ reader, marks, position: 0, at: null, caught_up: undefined }));
}

/** Takes note of what was read; answers how many are left. */
type Count = (events: number, sources: readonly Source[]) => Promise<number>;

function counter({ waiting }: RebuildGiven, tell: Tell): Count {
  const began_ms = waiting.now_ms();
  let events = 0;
  return async (more, sources) => {
    events += more;
    const logs = await Promise.all(
      sources.map(async ({ reader, position }) => ({ log: reader.source, position, head: await reader.head() })),
    );
    const seconds = Math.max(0.001, (waiting.now_ms() - began_ms) / 1_000);
    tell({ events, events_per_second: Math.round(events / seconds), logs });
    return logs.reduce((sum, { position, head }) => sum + head - position, 0);
  };
}

/** Until no more than so many events are left. */
async function read_up_to_live(
  given: RebuildGiven,
  shadow: Warehouse,
  sources: readonly Source[],
  count: Count,
  left_max: number,
): Promise<void> {
  const batching: Batching = { events_max: given.batching.events_max, batch_ms: 0 };
  for (let left = Number.POSITIVE_INFINITY; left > left_max; ) {
    given.stopping.throwIfAborted();
    const { collected, commit } = await read_batch(shadow, sources, { ...given, batching, signal: given.stopping });
    await commit();
    left = await count(collected.events, sources);
  }
}

async function compare({ warehouse, stopping }: RebuildGiven, shadow: Warehouse, tell: Tell): Promise<number> {
  const tables: Compared[] = [];
  for (const table of compared_tables) {
    stopping.throwIfAborted();
    tables.push(await compare_table({ live: warehouse, rebuilt: shadow }, table, stopping));
    tell({ tables: [...tables] });
  }
  const differing = tables.reduce((sum, table) => sum + table.differing, 0);
  tell({ differing });
  return differing;
}
