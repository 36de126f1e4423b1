/**
 * What is personal in an event stands sealed in the log, with a key per person; the key is destroyed and the log is forgotten without being
 * changed (docs/decisions/0008). Every event's `data.personal` is sealed, whatever its type, so none can be overlooked; who opens it is declared in contracts/.
 */
import type pg from 'pg';
import type { NewEvent } from '../batch.ts';
import type { Statement } from '../columns.ts';
import type { Wire } from '../database.ts';
import type { Random } from '../random.ts';
import type { Event, Logged } from '../service.ts';
import { type Key, key_bytes, key_of, seal, Unsealable, unseal } from './sealing.ts';

/** A key that another process destroyed is used here at most this long. */
export const key_cached_max_ms = 30_000;
/** More than all lanes of a process have in hand. */
export const keys_cached_max = 50_000;

/** A batch's events as they are appended, what makes their new keys, and what to do once both are committed. */
export interface Sealing {
  readonly events: readonly NewEvent[];
  readonly statements: readonly Statement[];
  remember(): void;
}
export type Opener = <E extends Event>(event: Logged<E>) => Logged<E>;

/** The keys of one database. Shared by the services of a process: what one makes the others need not read. */
export interface Vault {
  /** Inside the transaction of the events. Asks the database only when a person's key is not known here, once for all of them. */
  seal(wire: Pick<Wire, 'send'>, events: readonly NewEvent[]): Promise<Sealing>;
  /** Keys of what is sealed in these events, read at once unless known. Absent: destroyed, or never made. */
  keys_for(pool: Pick<pg.Pool, 'query'>, events: readonly Logged<Event>[]): Promise<Keys>;
  /** Throws `wrong_master_key` when the keys there were wrapped by another one. */
  check(pool: Pick<pg.Pool, 'query'>): Promise<void>;
}
export type Keys = ReadonlyMap<string, Key>;

/** What one service does with vaults: it seals where its own log is, and opens where those are that it hears. */
export interface ServiceVault extends Pick<Vault, 'seal'> {
  opener(pools: ReadonlyMap<string, Pick<pg.Pool, 'query'>>, heard: readonly Logged<Event>[]): Promise<Opener>;
}
export interface ServiceVaultGiven {
  readonly url: string;
  readonly source_urls: Readonly<Record<string, string>>;
  /** Event types whose personal part the service may open. */
  readonly opens: readonly string[];
  vault_of(database_url: string): Vault;
}

export function service_vault({ url, source_urls, opens, vault_of }: ServiceVaultGiven): ServiceVault {
  return {
    seal: vault_of(url).seal,
    async opener(pools, heard) {
      const openers = new Map<string, Opener>();
      for (const [source, events] of Map.groupBy(heard, event => event.source)) {
        const pool = pools.get(source);
        // What the service may not open costs no look.
        const to_open = pool === undefined ? [] : events.filter(event => opens.includes(event.type));
        const keys = pool === undefined ? new Map() : await vault_of(source_urls[source] ?? url).keys_for(pool, to_open);
        openers.set(source, opener(opens, keys));
      }
      return event => (openers.get(event.source) ?? opener([], new Map()))(event);
    },
  };
}

export interface VaultPorts {
  readonly master_key: Uint8Array;
  readonly random: Random;
  now_ms(): number;
}

/** What stands in the log as `data.personal` (contracts/personal.ts). */
type SealedField = { readonly key: string; readonly sealed: string };

const read_keys = 'select subject, wrapped from vault.data_key where subject = any($1)';
const make_keys = `insert into vault.data_key (subject, wrapped)
  select subject, wrapped from json_to_recordset($1) as k(subject text, wrapped text) order by subject`;
/** For `Service.records`: rows { subject }. */
export const destroy_keys = 'select vault.destroy_keys($1)';

/** One per database, made when it is first asked for. */
export function vaults(ports: VaultPorts): (database_url: string) => Vault {
  const made = new Map<string, Vault>();
  return url => {
    const vault = made.get(url) ?? create_vault(ports);
    made.set(url, vault);
    return vault;
  };
}

export function create_vault(ports: VaultPorts): Vault {
  const cache = key_cache(ports);
  const master_key = key_of(ports.master_key);
  const unwrap = ({ subject, wrapped }: WrappedKey) => (wrapped === null ? null : unwrapped(master_key, subject, wrapped));
  return {
    async seal(wire, events) {
      const keys = new Map<string, Key | null>();
      const unknown = cache.take(subjects_of(events), keys);
      if (unknown.length > 0) {
        const { rows } = await wire.send('vault.read', read_keys, [unknown]);
        for (const row of rows as WrappedKey[]) keys.set(row.subject, cache.put(row.subject, unwrap(row)));
      }
      const made = unknown.filter(subject => !keys.has(subject)).map(subject => new_key(ports, master_key, subject));
      for (const { subject, key } of made) keys.set(subject, key);
      const wrapped = made.map(({ key: _secret, ...row }) => row);
      return {
        events: keys.size === 0 ? events : events.map(event => sealed_event(ports.random, keys, event)),
        // Two processes that make one person's first key: the primary key refuses the second, whose batch runs again and finds the first's.
        statements: made.length === 0 ? [] : [{ name: 'vault.make', text: make_keys, values: [JSON.stringify(wrapped)] }],
        remember() {
          for (const { subject, key } of made) cache.put(subject, key);
        },
      };
    },
    async keys_for(pool, events) {
      const keys = new Map<string, Key | null>();
      const unknown = cache.take(new Set(events.flatMap(event => sealed_in(event)?.key ?? [])), keys);
      if (unknown.length > 0) {
        const { rows } = await pool.query<WrappedKey>({ name: 'vault.read', text: read_keys, values: [unknown] });
        for (const row of rows) keys.set(row.subject, cache.put(row.subject, unwrap(row)));
      }
      return new Map([...keys].filter((entry): entry is [string, Key] => entry[1] !== null));
    },
    async check(pool) {
      const { rows } = await pool.query<WrappedKey>('select subject, wrapped from vault.data_key where wrapped is not null limit 1');
      for (const row of rows) unwrap(row);
    },
  };
}

/** Of what a service hears: opened when it is named for the type, else without what is personal. An event whose key is gone is heard without it, too. */
export function opener(opens: readonly string[], keys: Keys): Opener {
  return event => {
    const { data } = event;
    if (!has_personal(data)) return event;
    const { personal, ...rest } = data;
    const found = opens.includes(event.type) ? opened(event, keys) : undefined;
    return { ...event, data: found === undefined ? rest : { ...rest, personal: found } };
  };
}

/** The personal part in the clear; undefined when its key is gone. Throws Unsealable when it was changed. */
export function opened(event: Pick<Logged<Event>, 'id' | 'data'>, keys: Keys): unknown {
  const field = sealed_in(event);
  // Written before there was a vault, or by the simulation, which has none.
  if (field === undefined) return has_personal(event.data) ? event.data.personal : undefined;
  const key = keys.get(field.key);
  return key === undefined ? undefined : JSON.parse(unseal(key, field.sealed, field_place(event.id)).toString('utf8'));
}

interface WrappedKey {
  readonly subject: string;
  readonly wrapped: string | null;
}

function new_key({ random }: VaultPorts, master_key: Key, subject: string): WrappedKey & { readonly key: Key } {
  const bytes = new Uint8Array(key_bytes);
  random.fill(bytes);
  return { subject, wrapped: seal(random, master_key, bytes, key_place(subject)), key: key_of(bytes) };
}

function unwrapped(master_key: Key, subject: string, wrapped: string): Key {
  try {
    return key_of(unseal(master_key, wrapped, key_place(subject)));
  } catch (cause) {
    if (!(cause instanceof Unsealable)) throw cause;
    throw Object.assign(
      new Error(
        `the master key does not open the key of ${subject}: personal fields were sealed under another one. Set CARTWRIGHT_MASTER_KEY to it`,
        {
          cause,
        },
      ),
      { code: 'wrong_master_key' },
    );
  }
}

/** Authenticated places: a wrapped key is worth nothing for another person, a sealed field nothing in another event. */
function key_place(subject: string): string {
  return `key ${subject}`;
}
function field_place(event_id: string): string {
  return `${event_id} data.personal`;
}

function has_personal(data: unknown): data is { readonly personal: object } {
  return typeof data === 'object' && data !== null && 'personal' in data && typeof data.personal === 'object' && data.personal !== null;
}

function sealed_in({ data }: Pick<Logged<Event>, 'data'>): SealedField | undefined {
  if (!has_personal(data)) return undefined;
  const { key, sealed } = data.personal as Partial<SealedField>;
  return typeof key === 'string' && typeof sealed === 'string' ? { key, sealed } : undefined;
}

/** The customer, where the event knows one; else its order. */
function subject_of({ data, key }: NewEvent): string {
  const { customer_ref, order_id } = data as { readonly customer_ref?: string | null; readonly order_id?: string };
  return customer_ref ?? order_id ?? key;
}

function subjects_of(events: readonly NewEvent[]): ReadonlySet<string> {
  return new Set(events.filter(event => has_personal(event.data)).map(subject_of));
}

function sealed_event(random: Random, keys: ReadonlyMap<string, Key | null>, event: NewEvent): NewEvent {
  if (!has_personal(event.data)) return event;
  const { personal, ...rest } = event.data;
  const subject = subject_of(event);
  const key = keys.get(subject);
  // Erased: what comes late is not sealed with a new key, it is left out.
  if (key === undefined || key === null) return { ...event, data: rest };
  const field: SealedField = { key: subject, sealed: seal(random, key, JSON.stringify(personal), field_place(event.id)) };
  return { ...event, data: { ...rest, personal: field } };
}

/** The oldest go first. `null`: destroyed. */
function key_cache({ now_ms }: VaultPorts) {
  const held = new Map<string, { readonly key: Key | null; readonly read_at_ms: number }>();
  return {
    /** Puts what is known into `keys`; gives what is not. */
    take(subjects: ReadonlySet<string>, keys: Map<string, Key | null>): string[] {
      const since_ms = now_ms() - key_cached_max_ms;
      return [...subjects].filter(subject => {
        const known = held.get(subject);
        if (known === undefined || known.read_at_ms < since_ms) return true;
        keys.set(subject, known.key);
        return false;
      });
    },
    put<K extends Key | null>(subject: string, key: K): K {
      held.delete(subject);
      held.set(subject, { key, read_at_ms: now_ms() });
      const [oldest] = held.keys();
      if (held.size > keys_cached_max && oldest !== undefined) held.delete(oldest);
      return key;
    },
  };
}
