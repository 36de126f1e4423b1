/** What the workers write about deliveries: claimed, ended, given up, forgotten. Each is one short transaction under one lock, set-based (store.ts, lock_deliveries). */
import type pg from 'pg';
import { append_audit } from '../audit_log.ts';
import { transaction } from '../store.ts';
import { lock_deliveries, lock_deliveries_lightly } from './store.ts';

/** Claimed for one endpoint, over all processes: few transactions for many deliveries. One that is failing gets no more than can be under way. */
export const claimed_max = 32;
export const claimed_failing_max = 4;
/** Longer than a delivery waits in its process (deliver.ts) and its attempt takes: after that the process is taken for dead, and so long an endpoint may stand still for it. */
export const claim_ms = 30_000;
/** What has ended is kept for the list and for redelivery. */
export const kept_days = 30;
export const cleaned_rows_max = 5_000;

export interface Claimed {
  readonly id: string;
  readonly endpoint_id: string;
  readonly event_id: string;
  /** This one included. With the id it names the claim: who was superseded writes nothing. */
  readonly attempts: number;
  readonly url: string;
  readonly secret: string;
  /** Still signing, after a rotation. */
  readonly previous_secret: string | null;
  readonly body: string;
}

/** Due deliveries, oldest first, and those whose claim has lapsed: counted before they are tried, so that what kills a process is not tried for ever. */
export async function claim(pool: pg.Pool, now: string, free: number): Promise<Claimed[]> {
  return transaction(pool, async client => {
    await lock_deliveries_lightly(client);
    const { rows } = await client.query<Claimed>({
      name: 'gateway.webhooks.claim',
      text: claim_due,
      values: [now, claimed_max, claimed_failing_max, free, claim_ms],
    });
    return rows;
  });
}

/** Only where half of what may be claimed is free: not one at a time. */
const claim_due = `with held as (
    select e.id, case when e.failing_since is null then $2 else $3 end::int as allowed,
           (select count(*) from gateway.webhook_deliveries d where d.endpoint_id = e.id and d.state = 'sending' and d.next_at > $1) as claimed
      from gateway.webhook_endpoints e
     where e.state = 'enabled' and (e.paused_until is null or e.paused_until <= $1)),
  room as (select id, allowed - claimed as free from held where 2 * claimed <= allowed),
  due as (
    select d.id from room cross join lateral (
      select d.id, d.next_at from gateway.webhook_deliveries d
       where d.endpoint_id = room.id and d.state in ('waiting', 'sending') and d.next_at <= $1
       order by d.next_at, d.position limit room.free) d
     order by d.next_at limit $4)
  update gateway.webhook_deliveries d
     set state = 'sending', attempts = d.attempts + 1, last_attempt_at = $1, next_at = $1::timestamptz + $5 * interval '1 millisecond'
    from due, gateway.webhook_endpoints e, gateway.webhook_messages m
   where d.id = due.id and e.id = d.endpoint_id and m.event_id = d.event_id
  returning d.id, d.endpoint_id, d.event_id, d.attempts, e.url, e.secret, case when e.previous_until > $1 then e.previous_secret end as previous_secret, m.body`;

/** Of one attempt, as it is written down. */
export interface Ended {
  readonly id: string;
  readonly endpoint_id: string;
  readonly attempts: number;
  readonly state: 'delivered' | 'waiting' | 'given_up';
  readonly next_at: string | null;
  readonly ended_at: string | null;
  readonly status: number | null;
  readonly error: string | null;
  readonly reply: string | null;
  readonly pause_until: string | null;
  /** Not counted: this process stops, and gives back what it had claimed. */
  readonly given_back: boolean;
}

/** Ends attempts, lets the next of each subject go, and keeps account of who is failing. Gives the endpoints that have been failing since before `limit`. */
export async function write_ended(pool: pg.Pool, ended: readonly Ended[], now: string, limit: string): Promise<string[]> {
  return transaction(pool, async client => {
    await lock_deliveries_lightly(client);
    await client.query({ name: 'gateway.webhooks.end', text: end_attempts, values: [JSON.stringify(ended), now] });
    const { rows } = await client.query<{ id: string; failing: boolean }>({
      name: 'gateway.webhooks.health',
      text: keep_health,
      values: [JSON.stringify(ended), now, limit],
    });
    return rows.filter(row => row.failing).map(row => row.id);
  });
}

/** Nothing waits for an endpoint that is disabled or gone. */
const end_attempts = `with results as (
    select r.id, r.attempts, r.status, r.error, r.reply, r.given_back,
           case when r.state = 'waiting' and e.id is null then 'given_up' else r.state end as state,
           case when r.state = 'waiting' and e.id is null then null else r.next_at end as next_at,
           case when r.state = 'waiting' and e.id is null then $2 else r.ended_at end as ended_at
      from json_to_recordset($1) as r(id text, endpoint_id text, attempts integer, state text, next_at timestamptz, ended_at timestamptz, status integer, error text, reply text, given_back boolean)
      left join gateway.webhook_endpoints e on e.id = r.endpoint_id and e.state = 'enabled'),
  done as (
    update gateway.webhook_deliveries d
       set state = r.state, next_at = r.next_at, ended_at = r.ended_at, attempts = d.attempts - case when r.given_back then 1 else 0 end,
           last_status = case when r.given_back then d.last_status else r.status end,
           last_error = case when r.given_back then d.last_error else r.error end,
           last_reply = case when r.given_back then d.last_reply else r.reply end
      from results r where d.id = r.id and d.state = 'sending' and d.attempts = r.attempts
    returning d.endpoint_id, d.source, d.subject, d.state, d.redelivery),
  next as (
    select distinct on (f.endpoint_id, f.source, f.subject) f.id
      from done join gateway.webhook_deliveries f on f.endpoint_id = done.endpoint_id and f.source = done.source and f.subject = done.subject
     where done.state in ('delivered', 'given_up') and not done.redelivery and f.state = 'waiting' and f.next_at is null
     order by f.endpoint_id, f.source, f.subject, f.position)
  update gateway.webhook_deliveries d set next_at = $2 from next where d.id = next.id`;

/** Writes only what changes: an endpoint that goes well is not touched. */
const keep_health = `with seen as (
    select endpoint_id, bool_or(state = 'delivered') as well, max(pause_until) as pause_until
      from json_to_recordset($1) as r(endpoint_id text, state text, pause_until timestamptz, given_back boolean) where not given_back group by endpoint_id)
  update gateway.webhook_endpoints e
     set failing_since = case when seen.well then null else coalesce(e.failing_since, $2) end,
         paused_until = greatest(e.paused_until, seen.pause_until)
    from seen
   where e.id = seen.endpoint_id and (seen.pause_until is not null or seen.well and e.failing_since is not null
         or not seen.well and (e.failing_since is null or e.failing_since < $3))
  returning e.id, e.state = 'enabled' and e.failing_since < $3 as failing`;

/** Hears no more, and what waited for it is given up; all of it can be sent again by hand. Gives true when it was enabled until now. */
export async function disable(pool: pg.Pool, endpoint_id: string, reason: 'gone' | 'failing', now: string): Promise<boolean> {
  return transaction(pool, async client => {
    // Before the deliveries' lock, as the hearing takes them.
    await client.query('select source from gateway.webhook_positions order by source for update');
    await lock_deliveries(client);
    const { rowCount } = await client.query(
      `update gateway.webhook_endpoints set state = 'disabled', disabled_reason = $2, disabled_at = $3 where id = $1 and state = 'enabled'`,
      [endpoint_id, reason, now],
    );
    if (rowCount !== 1) return false;
    await client.query('update gateway.webhook_positions set generation = generation + 1');
    await client.query(
      `update gateway.webhook_deliveries set state = 'given_up', next_at = null, ended_at = $2, last_error = coalesce(last_error, 'endpoint_disabled')
        where endpoint_id = $1 and state = 'waiting'`,
      [endpoint_id, now],
    );
    await append_audit(client, {
      at: now,
      actor: 'system',
      actor_type: 'system',
      action: 'webhook_endpoint.disabled',
      object: endpoint_id,
      reason,
      request_id: 'webhooks',
    });
    return true;
  });
}

/** Forgets what ended long ago, and what belongs to nobody any more; a piece at a time. True when there may be more. */
export async function clean(pool: pg.Pool, ended_before: string): Promise<boolean> {
  const { rowCount: deliveries } = await pool.query(
    `delete from gateway.webhook_deliveries where id in (
       select id from gateway.webhook_deliveries where ended_at < $1
       union all
       select d.id from gateway.webhook_deliveries d where d.state <> 'sending' and not exists (select 1 from gateway.webhook_endpoints e where e.id = d.endpoint_id)
       limit ${cleaned_rows_max})`,
    [ended_before],
  );
  const { rowCount: messages } = await pool.query(
    `delete from gateway.webhook_messages where event_id in (
       select m.event_id from gateway.webhook_messages m
        where m.created_at < $1 and not exists (select 1 from gateway.webhook_deliveries d where d.event_id = m.event_id) limit ${cleaned_rows_max})`,
    [ended_before],
  );
  return deliveries === cleaned_rows_max || messages === cleaned_rows_max;
}

export interface Census {
  readonly waiting: number;
  readonly sending: number;
  readonly given_up: number;
  readonly oldest_waiting_at: string | null;
  readonly enabled: number;
  readonly disabled: number;
}

/** For the metrics. */
export async function census(pool: pg.Pool): Promise<Census> {
  const { rows } = await pool.query<Census>({
    name: 'gateway.webhooks.census',
    text: `select (select count(*) from gateway.webhook_deliveries where state = 'waiting') as waiting,
                  (select count(*) from gateway.webhook_deliveries where state = 'sending') as sending,
                  (select count(*) from gateway.webhook_deliveries where state = 'given_up') as given_up,
                  (select min(created_at) from gateway.webhook_deliveries where state in ('waiting', 'sending')) as oldest_waiting_at,
                  (select count(*) from gateway.webhook_endpoints where state = 'enabled') as enabled,
                  (select count(*) from gateway.webhook_endpoints where state = 'disabled') as disabled`,
  });
  return rows[0] ?? { waiting: 0, sending: 0, given_up: 0, oldest_waiting_at: null, enabled: 0, disabled: 0 };
}
