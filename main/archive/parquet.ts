/** Events as Parquet, and back. Everything of an event is in it, its data as the text that stands in the log, sealed parts sealed. */
import { createHash, type Hash } from 'node:crypto';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** As the log has it. */
export interface ArchivedEvent {
  readonly position: number;
  readonly partition: number;
  readonly key: string;
  readonly type: string;
  readonly id: string;
  readonly subject: string;
  readonly sequence: number | null;
  /** RFC 3339 UTC with milliseconds. */
  readonly time: string;
  readonly cause: string;
  /** JSON, untouched. */
  readonly data: string;
}

const columns = {
  position: 'bigint',
  partition: 'utinyint',
  key: 'varchar',
  type: 'varchar',
  id: 'varchar',
  subject: 'varchar',
  sequence: 'integer',
  time: 'timestamp',
  cause: 'varchar',
  data: 'varchar',
} as const satisfies Readonly<Record<keyof ArchivedEvent, string>>;
// The keys of the list above.
const names = Object.keys(columns) as (keyof ArchivedEvent)[];

const configuration = { threads: '1', memory_limit: '256MB', autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };

export interface Parquet {
  /** Takes events in position order. */
  add(events: readonly ArchivedEvent[]): Promise<void>;
  /** Writes what was added, and begins anew. */
  write(file: string): Promise<void>;
  /** Events after a position, in its order, some at a time; of these keys only, when some are named. */
  read(file: string, after: number, keys?: readonly string[]): AsyncGenerator<ArchivedEvent[]>;
  close(): void;
}

export async function open_parquet(): Promise<Parquet> {
  const instance = await DuckDBInstance.create(':memory:', configuration);
  const connection = await instance.connect();
  await connection.run(`create table event (${names.map(name => `${name} ${columns[name]}`).join(', ')})`);
  const cells = names.map((name, index) => `unnest(from_json_strict($${index + 1}::varchar, '["${columns[name]}"]')) as ${name}`);
  const load = await connection.prepare(`insert into event select * from (select ${cells.join(', ')})`);
  return {
    async add(events) {
      for (const [index, name] of names.entries()) load.bindVarchar(index + 1, JSON.stringify(events.map(event => event[name])));
      await load.run();
    },
    async write(file) {
      await connection.run(
        `copy (select * from event order by position) to ${literal(file)} (format parquet, compression zstd, use_tmp_file false)`,
      );
      await connection.run('truncate event');
    },
    read: (file, after, keys) => read_file(connection, file, after, keys),
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function* read_file(
  connection: DuckDBConnection,
  file: string,
  after: number,
  keys: readonly string[] | undefined,
): AsyncGenerator<ArchivedEvent[]> {
  const of_keys = keys === undefined ? '' : `and key in (${keys.map(literal).join(', ')})`;
  const selected = names.map(name => (name === 'time' ? `strftime(time, '%Y-%m-%dT%H:%M:%S.%g') || 'Z'` : name));
  const result = await connection.stream(
    `select ${selected.join(', ')} from read_parquet(${literal(file)}) where position > ${after} ${of_keys} order by position`,
  );
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    yield chunk.getRows().map(([position, partition, key, type, id, subject, sequence, time, cause, data]) => ({
      position: Number(position),
      partition: Number(partition),
      key: String(key),
      type: String(type),
      id: String(id),
      subject: String(subject),
      sequence: sequence === null ? null : Number(sequence),
      time: String(time),
      cause: String(cause),
      data: String(data),
    }));
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** What two readings of the same events have in common. */
export function content_digest(): { add(events: readonly ArchivedEvent[]): void; hex(): string } {
  const digest: Hash = createHash('sha256');
  return {
    add(events) {
      for (const event of events) digest.update(`${JSON.stringify(names.map(name => event[name]))}\n`);
    },
    hex: () => digest.digest('hex'),
  };
}
