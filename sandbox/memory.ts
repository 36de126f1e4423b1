/**
 * What a stand-in remembers: its ledger and its collections of objects, in memory, and, when a file is named, in a journal.
 * The lines of one request are written together, before its reply leaves: a stand-in killed in between has not done
 * anything, one killed afterwards has done all of it. No fsync: the journal outlives the process, not the machine.
 */
import { closeSync, existsSync, openSync, readSync, renameSync, writeSync } from 'node:fs';

export type SimValue = null | boolean | number | string | readonly SimValue[] | { readonly [field: string]: SimValue | undefined };

/** One thing that really happened at the third party. */
export interface LedgerEntry {
  /** RFC 3339 UTC; filled in by `record`. */
  readonly at: string;
  /** `authorized`, `captured`, `label_purchased` … */
  readonly kind: string;
  readonly id: string;
  /** The caller's own reference (an order id, say), when the protocol carries one. */
  readonly reference: string | null;
  readonly amount?: number;
  readonly currency?: string;
  readonly idempotency_key?: string;
  readonly [field: string]: SimValue | undefined;
}
export type NewLedgerEntry = Omit<LedgerEntry, 'at'> & { readonly kind: string; readonly id: string; readonly reference: string | null };

export const ledger_entries_max = 1_000_000;
/** The journal is rewritten from what is in memory when it has grown by this much. */
export const journal_growth_bytes_max = 256 * 1024 * 1024;
const read_bytes = 1024 * 1024;

export interface CollectionLimits {
  readonly size_max: number;
  /** `refuse`: requests with effects get 507 from then on. `drop_oldest`: for what the third party forgets, too. */
  readonly when_full: 'refuse' | 'drop_oldest';
}

/** Objects by id, in the order they were first put. Values are never changed in place: put a new one. */
export class Collection<T> {
  readonly #values = new Map<string, T>();
  readonly #limits: CollectionLimits;
  readonly #note: (id: string, value: T | undefined) => void;
  constructor(limits: CollectionLimits, note: (id: string, value: T | undefined) => void) {
    this.#limits = limits;
    this.#note = note;
  }
  get size(): number {
    return this.#values.size;
  }
  get full(): boolean {
    return this.#limits.when_full === 'refuse' && this.#values.size >= this.#limits.size_max;
  }
  get(id: string): T | undefined {
    return this.#values.get(id);
  }
  put(id: string, value: T): void {
    this.adopt(id, value);
    this.#note(id, value);
    if (this.#limits.when_full === 'refuse' || this.#values.size <= this.#limits.size_max) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.delete(oldest);
  }
  delete(id: string): void {
    if (this.#values.delete(id)) this.#note(id, undefined);
  }
  /** From the journal: without noting it again. */
  adopt(id: string, value: T | undefined): void {
    if (value === undefined) this.#values.delete(id);
    else this.#values.set(id, value);
  }
  entries(): IterableIterator<[string, T]> {
    return this.#values.entries();
  }
  values(): IterableIterator<T> {
    return this.#values.values();
  }
  newest_first(): T[] {
    return [...this.#values.values()].reverse();
  }
}

interface AnyCollection {
  readonly full: boolean;
  adopt(id: string, value: unknown): void;
  entries(): IterableIterator<[string, unknown]>;
}

/** A journal line: a ledger entry, or an object put (`value`) or deleted (no `value`). */
type Line = { readonly entry: LedgerEntry } | { readonly collection: string; readonly id: string; readonly value?: unknown };

export class Memory {
  readonly #file: string | undefined;
  readonly #now_ms: () => number;
  readonly #entries: LedgerEntry[] = [];
  readonly #collections = new Map<string, AnyCollection>();
  #descriptor: number | undefined;
  #lines: string[] = [];
  #growth_bytes = 0;

  constructor(options: { file?: string; now_ms: () => number }) {
    this.#file = options.file;
    this.#now_ms = options.now_ms;
  }
  get ledger(): readonly LedgerEntry[] {
    return this.#entries;
  }
  /** Nothing with an effect may be begun: the ledger forgets nothing, so it refuses. */
  get full(): boolean {
    if (this.#entries.length >= ledger_entries_max) return true;
    for (const collection of this.#collections.values()) if (collection.full) return true;
    return false;
  }
  record(entry: NewLedgerEntry): void {
    const dated: LedgerEntry = { at: new Date(this.#now_ms()).toISOString(), ...entry };
    this.#entries.push(dated);
    this.#write({ entry: dated });
  }
  /** Declare all of them before `open`. */
  collection<T>(name: string, limits: CollectionLimits): Collection<T> {
    const collection = new Collection<T>(limits, (id, value) => this.#write({ collection: name, id, value }));
    // The journal's values come back as what this same program wrote under this name.
    this.#collections.set(name, {
      get full() {
        return collection.full;
      },
      adopt: (id, value) => collection.adopt(id, value as T | undefined),
      entries: () => collection.entries(),
    });
    return collection;
  }
  /** Brings back what the journal holds, and rewrites it compactly. Call it once the port is ours: two writers would lose entries. */
  open(): void {
    if (this.#file === undefined) return;
    if (existsSync(this.#file)) for (const text of complete_lines(this.#file)) this.#adopt(text);
    this.#compact(this.#file);
  }
  /** Makes everything since the last flush durable against the death of the process. */
  flush(): void {
    if (this.#descriptor === undefined || this.#file === undefined || this.#lines.length === 0) return;
    const bytes = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    write_all(this.#descriptor, bytes);
    this.#growth_bytes += bytes.length;
    if (this.#growth_bytes > journal_growth_bytes_max) this.#compact(this.#file);
  }
  close(): void {
    this.flush();
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #write(line: Line): void {
    if (this.#descriptor !== undefined) this.#lines.push(`${JSON.stringify(line)}\n`);
  }
  #adopt(text: string): void {
    // Written by `#write` of this same program; a foreign file fails to parse and stops the start.
    const line = JSON.parse(text) as Line;
    if ('entry' in line) this.#entries.push(line.entry);
    else this.#collections.get(line.collection)?.adopt(line.id, line.value);
  }
  #compact(file: string): void {
    const next = openSync(`${file}.next`, 'w', 0o600);
    let lines: string[] = [];
    const keep = (line: Line): void => {
      lines.push(`${JSON.stringify(line)}\n`);
      if (lines.length < 1_000) return;
      write_all(next, Buffer.from(lines.join('')));
      lines = [];
    };
    for (const entry of this.#entries) keep({ entry });
    for (const [collection, objects] of this.#collections) for (const [id, value] of objects.entries()) keep({ collection, id, value });
    write_all(next, Buffer.from(lines.join('')));
    renameSync(`${file}.next`, file);
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = next;
    this.#growth_bytes = 0;
  }
}

function write_all(descriptor: number, bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written);
}

/** Lines that end in a newline; a last one without was cut by a kill, before its reply left, and never happened. */
function* complete_lines(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(read_bytes);
    let rest = Buffer.alloc(0);
    for (;;) {
      const count = readSync(descriptor, chunk, 0, read_bytes, null);
      if (count === 0) return;
      const bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
        yield bytes.toString('utf8', start, end);
        start = end + 1;
      }
      rest = Buffer.from(bytes.subarray(start));
    }
  } finally {
    closeSync(descriptor);
  }
}
