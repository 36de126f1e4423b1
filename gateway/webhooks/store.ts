/** SQL of endpoints, and of what people see of deliveries. What the workers write is in hear.ts and ledger.ts. */
import type pg from 'pg';
import type { Page } from '../../platform/pages.ts';
import { ask } from '../store.ts';

export const delivery_states = ['waiting', 'sending', 'delivered', 'given_up'] as const;
export type DeliveryState = (typeof delivery_states)[number];

export interface EndpointRow {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly events: readonly string[];
  readonly state: 'enabled' | 'disabled';
  readonly disabled_reason: 'gone' | 'failing' | null;
  readonly disabled_at: string | null;
  readonly failing_since: string | null;
  readonly paused_until: string | null;
  readonly previous_until: string | null;
  readonly created_at: string;
  readonly created_by: string;
}
export interface DeliveryRow {
  readonly id: string;
  readonly endpoint_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly state: DeliveryState;
  readonly redelivery: boolean;
  readonly attempts: number;
  readonly next_at: string | null;
  readonly created_at: string;
  readonly last_attempt_at: string | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly last_reply: string | null;
  readonly ended_at: string | null;
}
/** By log. */
export type Heads = Readonly<Record<string, number>>;

const endpoint_columns =
  'id, url, description, events, state, disabled_reason, disabled_at, failing_since, paused_until, previous_until, created_at, created_by';
const delivery_columns =
  'id, endpoint_id, event_id, type, source, subject, state, redelivery, attempts, next_at, created_at, last_attempt_at, last_status, last_error, last_reply, ended_at';

/**
 * One at a time: what makes deliveries, claims them, ends them or gives them up. All of it is short and set-based, and each sees what the one before it
 * did: so a row never waits for an earlier one that has ended meanwhile.
 */
export async function lock_deliveries(client: pg.ClientBase): Promise<void> {
  await client.query("select pg_advisory_xact_lock(hashtextextended('gateway.webhook_deliveries', 0))");
}

/** The same for what may be lost in a crash of the database: a claim, or what became of it. Then it is sent once more, which is promised anyway; nobody waits for the disk. */
export async function lock_deliveries_lightly(client: pg.ClientBase): Promise<void> {
  await client.query(
    "select set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock(hashtextextended('gateway.webhook_deliveries', 0))",
  );
}

/** Held to the end of the transaction: the hearing does not move while endpoints change, and what was read for other endpoints is not written. */
export async function lock_positions(client: pg.ClientBase, sources: readonly string[]): Promise<void> {
  await client.query(
    `insert into gateway.webhook_positions (source, position, system_identifier, timeline)
     select source, 0, '', '' from unnest($1::text[]) source order by source on conflict do nothing`,
    [sources],
  );
  await client.query('select source from gateway.webhook_positions order by source for update');
}

export interface Mark {
  readonly source: string;
  readonly head: number;
  readonly system_identifier: string;
  readonly timeline: string;
}

/** While nobody listens the positions stand still: the first to listen begins at the heads. */
export async function endpoints_changed(client: pg.ClientBase, heads: readonly Mark[]): Promise<void> {
  await client.query(
    `update gateway.webhook_positions p
        set generation = p.generation + 1,
            position = case when nobody.listens then p.position else h.head end,
            system_identifier = case when nobody.listens then p.system_identifier else h.system_identifier end,
            timeline = case when nobody.listens then p.timeline else h.timeline end
       from json_to_recordset($1) as h(source text, head bigint, system_identifier text, timeline text),
            (select exists (select 1 from gateway.webhook_endpoints where state = 'enabled') as listens) nobody
      where p.source = h.source`,
    [JSON.stringify(heads)],
  );
}

export async function count_endpoints(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ count: number }>('select count(*) from gateway.webhook_endpoints');
  return rows[0]?.count ?? 0;
}

export async function insert_endpoint(
  client: pg.ClientBase,
  row: Pick<EndpointRow, 'id' | 'url' | 'description' | 'events' | 'created_at' | 'created_by'> & { secret: string; since: Heads },
): Promise<EndpointRow | undefined> {
  const { id, url, description, events, secret, since, created_at, created_by } = row;
  const { rows } = await client.query<EndpointRow>(
    `insert into gateway.webhook_endpoints (id, url, description, events, state, secret, since, created_at, created_by)
     values ($1, $2, $3, $4, 'enabled', $5, $6, $7, $8) returning ${endpoint_columns}`,
    [id, url, description, events, secret, JSON.stringify(since), created_at, created_by],
  );
  return rows[0];
}

export async function list_endpoints(pool: pg.Pool, { after, limit }: Page): Promise<EndpointRow[]> {
  return ask(
    pool,
    'gateway_list_webhook_endpoints',
    `select ${endpoint_columns} from gateway.webhook_endpoints where $1::text is null or id < $1 order by id desc limit $2`,
    [after?.[0], limit + 1],
  );
}

export async function endpoint_named(pool: pg.Pool, id: string): Promise<EndpointRow | undefined> {
  const rows = await ask<EndpointRow>(
    pool,
    'gateway_webhook_endpoint',
    `select ${endpoint_columns} from gateway.webhook_endpoints where id = $1`,
    [id],
  );
  return rows[0];
}

export async function endpoint_for_update(client: pg.ClientBase, id: string): Promise<EndpointRow | undefined> {
  const { rows } = await client.query<EndpointRow>(`select ${endpoint_columns} from gateway.webhook_endpoints where id = $1 for update`, [
    id,
  ]);
  return rows[0];
}

/** Its deliveries go with the next cleaning (ledger.ts). */
export async function delete_endpoint(client: pg.ClientBase, id: string): Promise<EndpointRow | undefined> {
  const { rows } = await client.query<EndpointRow>(`delete from gateway.webhook_endpoints where id = $1 returning ${endpoint_columns}`, [
    id,
  ]);
  return rows[0];
}

export async function rotate_secret(client: pg.ClientBase, id: string, secret: string, until: string): Promise<EndpointRow | undefined> {
  const { rows } = await client.query<EndpointRow>(
    `update gateway.webhook_endpoints set previous_secret = secret, previous_until = $3, secret = $2 where id = $1 returning ${endpoint_columns}`,
    [id, secret, until],
  );
  return rows[0];
}

export async function enable_endpoint(client: pg.ClientBase, id: string, since: Heads): Promise<EndpointRow | undefined> {
  const { rows } = await client.query<EndpointRow>(
    `update gateway.webhook_endpoints
        set state = 'enabled', disabled_reason = null, disabled_at = null, failing_since = null, paused_until = null, since = $2
      where id = $1 returning ${endpoint_columns}`,
    [id, JSON.stringify(since)],
  );
  return rows[0];
}

/** Newest events first. */
export async function list_deliveries(
  pool: pg.Pool,
  endpoint_id: string,
  state: string | undefined,
  { after, limit }: Page,
): Promise<DeliveryRow[]> {
  return ask(
    pool,
    'gateway_list_webhook_deliveries',
    `select ${delivery_columns} from gateway.webhook_deliveries
      where endpoint_id = $1 and ($2::text is null or state = $2) and ($3::text is null or id < $3) order by id desc limit $4`,
    [endpoint_id, state, after?.[0], limit + 1],
  );
}

/** Due at once, as if never tried. One that is under way stays so. Undefined: no such delivery. */
export async function send_again(client: pg.ClientBase, endpoint_id: string, id: string, now: string): Promise<DeliveryRow | undefined> {
  const { rows } = await client.query<DeliveryRow>(
    `update gateway.webhook_deliveries d
        set state = case when state = 'sending' then state else 'waiting' end,
            redelivery = redelivery or state in ('delivered', 'given_up'),
            attempts = case when state in ('delivered', 'given_up') then 0 else attempts end,
            next_at = case when state = 'sending' or next_at is null and state = 'waiting' then next_at else $3 end,
            ended_at = case when state in ('delivered', 'given_up') then null else ended_at end
      where id = $2 and endpoint_id = $1 returning ${delivery_columns}`,
    [endpoint_id, id, now],
  );
  return rows[0];
}

/** By themselves: somebody must look. */
export async function disabled_endpoints(pool: pg.Pool): Promise<EndpointRow[]> {
  return ask(
    pool,
    'gateway_webhook_endpoints_disabled',
    `select ${endpoint_columns} from gateway.webhook_endpoints where state = 'disabled' order by disabled_at`,
    [],
  );
}
