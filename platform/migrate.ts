/** Numbered .sql files per schema, each once, under one advisory lock; and the fences between schemas (roles and grants). */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { connection_options, lock_timeout_ms, role_of } from './database.ts';

export interface Schema {
  readonly name: string;
  /** Folder of the service's own migrations; absent when there is none. */
  readonly folder?: string;
  /** False for the gateway, which hears no events and has no log. */
  readonly has_log: boolean;
  /** Statements that give other schemas' roles something of this one. */
  readonly grants?: readonly string[];
}

/** `cartwright` in ASCII, cut to what a bigint holds: one migration at a time per database. */
const migration_lock = 7161131;
const migration_wait_ms = 14_000;
const platform_folder = join(import.meta.dirname, 'migrations');

/**
 * Returns the names of the migrations that ran now. Throws `migration_changed` when a file that already ran was edited. `readers`: all whose roles may read
 * the logs of this database, those whose own schema is in another one, too.
 */
export async function migrate(url: string, schemas: readonly Schema[], readers: readonly string[] = []): Promise<string[]> {
  const client = new pg.Client(connection_options(url));
  await client.connect();
  try {
    // Another process may be migrating; a table's lock, though, is waited for only as long as anybody's.
    await client.query(`set lock_timeout = '${migration_wait_ms}ms'`);
    await client.query('select pg_advisory_lock($1)', [migration_lock]);
    await client.query(`set lock_timeout = '${lock_timeout_ms}ms'`);
    await client.query(`create schema if not exists cartwright;
      create table if not exists cartwright.migration (
        schema_name text not null, name text not null, checksum text not null, applied_at timestamptz not null default now(),
        primary key (schema_name, name))`);
    const ran: string[] = [];
    for (const schema of schemas) ran.push(...(await migrate_schema(client, schema)));
    await fence(client, schemas, readers);
    return ran;
  } finally {
    await client.end();
  }
}

async function migrate_schema(client: pg.Client, schema: Schema): Promise<string[]> {
  await client.query(`create schema if not exists ${schema.name}`);
  const files = [
    ...(schema.has_log ? await sql_files(platform_folder, 'platform/') : []),
    ...(schema.folder === undefined ? [] : await sql_files(schema.folder, '')),
  ];
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from cartwright.migration where schema_name = $1',
    [schema.name],
  );
  const applied = new Map(rows.map(row => [row.name, row.checksum]));
  const ran: string[] = [];
  for (const file of files) {
    const known = applied.get(file.name);
    if (known !== undefined && known !== file.checksum) {
      throw Object.assign(new Error(`migration ${schema.name}/${file.name} was edited after it ran; add a new file instead`), {
        code: 'migration_changed',
      });
    }
    if (known !== undefined) continue;
    await client.query('begin');
    await client.query(file.sql.replaceAll('{schema}', schema.name));
    await client.query('insert into cartwright.migration (schema_name, name, checksum) values ($1, $2, $3)', [
      schema.name,
      file.name,
      file.checksum,
    ]);
    await client.query('commit');
    ran.push(`${schema.name}/${file.name}`);
  }
  return ran;
}

async function sql_files(folder: string, prefix: string): Promise<{ name: string; sql: string; checksum: string }[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async name => {
      const sql = await readFile(join(folder, name), 'utf8');
      return { name: prefix + name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** One role per service: all of its own schema, of the others' only to read the log and what was taken out of it. Nobody may update or delete an event. */
async function fence(client: pg.Client, schemas: readonly Schema[], readers: readonly string[]): Promise<void> {
  const everybody = [...new Set([...schemas.map(schema => schema.name), ...readers])];
  const statements = everybody.flatMap(name => [
    `do $$ begin create role ${role_of(name)} nologin; exception when duplicate_object or unique_violation then null; end $$`,
    `grant ${role_of(name)} to current_user`,
  ]);
  for (const { name } of schemas) {
    statements.push(
      `grant usage on schema ${name} to ${role_of(name)}; grant usage, select on all sequences in schema ${name} to ${role_of(name)}`,
      `grant select, insert, update, delete, truncate on all tables in schema ${name} to ${role_of(name)}`,
    );
  }
  const logs = schemas.filter(schema => schema.has_log).map(schema => schema.name);
  statements.push(...logs.map(log => `revoke update, delete, truncate on ${log}.events from ${role_of(log)}`));
  const taken = (log: string) => `${log}.log_drop, ${log}.dropped_key`;
  statements.push(...logs.map(log => `revoke insert, update, delete, truncate on ${taken(log)} from ${role_of(log)}`));
  for (const reader of everybody) {
    const others = logs.filter(log => log !== reader);
    if (others.length === 0) continue;
    statements.push(`grant usage on schema ${others.join(', ')} to ${role_of(reader)}`);
    statements.push(`grant select on ${others.map(log => `${log}.events, ${log}.log_epoch, ${taken(log)}`).join()} to ${role_of(reader)}`);
  }
  statements.push(...schemas.flatMap(schema => schema.grants ?? []));
  await client.query(statements.join(';\n'));
}
