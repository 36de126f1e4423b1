/**
 * The gateway hears every log, and makes a delivery for each endpoint that wants the event: exactly once, because positions move by compare-and-swap
 * in the transaction that writes the deliveries (architecture.md 4.3). It decides nothing and so is no service: one set-based insert per batch.
 */
import type pg from 'pg';
import { to_cloudevent } from '../../contracts/cloudevent.ts';
import { event_contracts, is_event_type } from '../../contracts/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { derived_id } from '../../platform/ids.ts';
import type { LogReader, Slice } from '../../platform/log.ts';
import type { Event, Logged } from '../../platform/service.ts';
import { transaction } from '../store.ts';
import { type Heads, lock_deliveries } from './store.ts';

export interface HearingPorts {
  readonly pool: pg.Pool;
  readonly readers: readonly LogReader[];
  /** The deployment's public address: in `dataschema`. */
  base_url(): string;
  readonly clock: Pick<Clock, 'now'>;
}

/** What an endpoint wants to hear. */
export interface Ear {
  readonly id: string;
  readonly events: readonly string[];
  readonly since: Heads;
}
interface Position {
  readonly source: string;
  readonly position: number;
  readonly generation: number;
  readonly system_identifier: string;
  readonly timeline: string;
}
export interface Standing {
  readonly ears: readonly Ear[];
  readonly positions: readonly Position[];
}

export async function read_standing(pool: pg.Pool): Promise<Standing> {
  // One statement, one moment.
  const { rows } = await pool.query<{ ears: Ear[] | null; positions: Position[] | null }>({
    name: 'gateway.webhooks.standing',
    text: `select (select json_agg(json_build_object('id', id, 'events', events, 'since', since) order by id) from gateway.webhook_endpoints where state = 'enabled') as ears,
                  (select json_agg(p) from gateway.webhook_positions p) as positions`,
  });
  return { ears: rows[0]?.ears ?? [], positions: rows[0]?.positions ?? [] };
}

/** A log that is no longer the one the positions belong to: nothing is skipped silently, hearing stops (architecture.md 4.2). */
export async function check_marks({ readers }: HearingPorts, { positions }: Standing): Promise<void> {
  for (const { source, system_identifier, timeline } of positions) {
    const marks = await readers.find(reader => reader.source === source)?.marks();
    if (marks === undefined || (marks.system_identifier === system_identifier && marks.timeline === timeline)) continue;
    throw Object.assign(
      new Error(
        `webhooks hold a position of another ${source} log (cluster ${system_identifier}/${timeline}, now ${marks.system_identifier}/${marks.timeline}): a failover or restore happened. Run: node main.ts adopt gateway`,
      ),
      { code: 'foreign_log' },
    );
  }
}

interface Heard {
  readonly position: Position;
  readonly slice: Slice;
}
export interface Turn {
  /** Logs that moved, and the time of the last event looked at there that somebody wanted. */
  readonly moved: readonly { readonly source: string; readonly at: string | undefined }[];
  readonly deliveries: number;
}

/** One batch of every log. `deliveries` may be written by another process instead: then nothing moved here. */
export async function hear(ports: HearingPorts, { ears, positions }: Standing): Promise<Turn> {
  const types = wanted_types(ears);
  const heard = (await Promise.all(positions.map(position => read(ports, position, types)))).flat();
  if (heard.length === 0) return { moved: [], deliveries: 0 };
  const events = heard.flatMap(({ slice }) => slice.events);
  const deliveries = events.flatMap(event => deliveries_of(event, ears));
  const wanted = new Set(deliveries.map(delivery => delivery.event_id));
  const messages = events.filter(event => wanted.has(event.id)).map(event => message_of(event, ports.base_url()));
  const written = await write(ports, heard, messages, deliveries);
  if (!written) return { moved: [], deliveries: 0 };
  return {
    moved: heard.map(({ position: { source }, slice }) => ({ source, at: slice.events.at(-1)?.time })),
    deliveries: deliveries.length,
  };
}

async function read({ readers }: HearingPorts, position: Position, types: readonly string[]): Promise<Heard[]> {
  const slice = await readers.find(reader => reader.source === position.source)?.read(position.position, types);
  return slice === undefined || slice.upto <= position.position ? [] : [{ position, slice }];
}

const all_types: readonly string[] = Object.keys(event_contracts);
function wanted_types(ears: readonly Ear[]): readonly string[] {
  const wanted = new Set(ears.flatMap(ear => ear.events));
  return wanted.has('*') ? all_types : [...wanted];
}

export interface NewDelivery {
  readonly id: string;
  readonly endpoint_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly source: string;
  readonly position: number;
  readonly subject: string;
}

/** Whom an event is for. Its order is kept among those of its subject in its log; where it names none, of its key. */
export function deliveries_of({ id, type, source, position, subject, key }: Logged<Event>, ears: readonly Ear[]): NewDelivery[] {
  return ears
    .filter(ear => (ear.events.includes('*') || ear.events.includes(type)) && position > (ear.since[source] ?? 0))
    .map(ear => ({
      // The event's time in front: a list by id is a list by time.
      id: derived_id('dlv', `${ear.id}/${id}`, 0),
      endpoint_id: ear.id,
      event_id: id,
      type,
      source,
      position,
      subject: subject === '' ? key : subject,
    }));
}

interface NewMessage {
  readonly event_id: string;
  readonly body: string;
}

function message_of(event: Logged<Event>, base_url: string): NewMessage {
  const { type } = event;
  if (!is_event_type(type)) throw new Error(`no contract names ${type}`);
  // The log holds what its service published: an object.
  return { event_id: event.id, body: JSON.stringify(to_cloudevent({ ...event, type, data: event.data as object }, base_url)) };
}

/** False when another process moved on, or the endpoints changed since they were read: then nothing is written. */
async function write(
  ports: HearingPorts,
  heard: readonly Heard[],
  messages: readonly NewMessage[],
  deliveries: readonly NewDelivery[],
): Promise<boolean> {
  const moves = heard.map(({ position: { source, position, generation }, slice }) => ({
    source,
    old: position,
    generation,
    new: slice.upto,
  }));
  return transaction(ports.pool, async client => {
    await client.query('select source from gateway.webhook_positions order by source for update');
    const { rowCount } = await client.query(
      `with moves as (select * from json_to_recordset($1) as m(source text, old bigint, generation integer, new bigint))
       update gateway.webhook_positions p set position = m.new from moves m
        where p.source = m.source and p.position = m.old and p.generation = m.generation
          and (select count(*) from moves n join gateway.webhook_positions q on q.source = n.source and q.position = n.old and q.generation = n.generation) = (select count(*) from moves)`,
      [JSON.stringify(moves)],
    );
    if (rowCount !== moves.length) return false;
    if (deliveries.length === 0) return true;
    await lock_deliveries(client);
    await client.query(insert_messages, [JSON.stringify(messages), ports.clock.now()]);
    await client.query(insert_deliveries, [JSON.stringify(deliveries), ports.clock.now()]);
    return true;
  });
}

const insert_messages = `insert into gateway.webhook_messages (event_id, body, created_at)
  select event_id, body, $2 from json_to_recordset($1) as m(event_id text, body text) on conflict do nothing`;

/** The first of its subject is due at once; the others wait for the one before them. What is there already was heard before a restore. */
const insert_deliveries = `with heard as (
    select h.*, row_number() over (partition by h.endpoint_id, h.source, h.subject order by h.position) as place
      from json_to_recordset($1) as h(id text, endpoint_id text, event_id text, type text, source text, position bigint, subject text)
     where not exists (select 1 from gateway.webhook_deliveries d where d.endpoint_id = h.endpoint_id and d.event_id = h.event_id))
  insert into gateway.webhook_deliveries (id, endpoint_id, event_id, type, source, position, subject, state, next_at, created_at)
  select h.id, h.endpoint_id, h.event_id, h.type, h.source, h.position, h.subject, 'waiting',
         case when h.place = 1 and not exists (
           select 1 from gateway.webhook_deliveries d
            where d.endpoint_id = h.endpoint_id and d.source = h.source and d.subject = h.subject and d.state in ('waiting', 'sending') and not d.redelivery)
         then $2::timestamptz end, $2
    from heard h`;
