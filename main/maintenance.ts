/** Commands that run once and leave: migrate, audit, archive, adopt. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { print_line } from '../auditor/auditor.ts';
import { left_out } from '../auditor/dropped.ts';
import { invariants } from '../auditor/invariants.ts';
import { audit_on_threads } from '../auditor/threads.ts';
import { rest_of } from '../auditor/waiting.ts';
import { audit_pools, read_ledgers } from '../auditor/watch.ts';
import { real_clock } from '../platform/clock.ts';
import { cluster_marks } from '../platform/log.ts';
import { start_postgres } from '../platform/postgres/launcher.ts';
import { positions_of_analytics } from './archive/analytics_positions.ts';
import { archive_logs } from './archive/archive.ts';
import { drop_archived, refuse_future } from './archive/drop.ts';
import { bring_up } from './platform_up.ts';
import { data_file, database_url_of, type ServiceName, type Settings } from './settings.ts';

export async function migrate_only(settings: Settings): Promise<number> {
  const running = await bring_up({
    settings,
    services: [],
    with_sandbox: false,
    with_door: false,
    with_metrics: false,
    say: line => console.log(`  ${line}`),
  });
  console.log('  schemas are up to date');
  await running.stop();
  return 0;
}

/** The database of this installation, started when it is embedded and not running. */
async function with_database<T>(settings: Settings, work: (url_of: (service: string) => string) => Promise<T>): Promise<T> {
  await mkdir(settings.data_folder, { recursive: true });
  const postgres =
    settings.database_url === undefined ? await start_postgres({ data_dir: join(settings.data_folder, 'postgres') }) : undefined;
  try {
    return await work(service => database_url_of(settings, postgres?.url, service as ServiceName));
  } finally {
    await postgres?.stop();
  }
}

/** Exit code 1 on a finding. Ledgers of stand-ins are read when they answer. */
export async function audit_once(settings: Settings): Promise<number> {
  return with_database(settings, async url_of => {
    const pools = audit_pools(url_of);
    const ledgers = settings.sandbox ? await read_ledgers(await stand_in_addresses(settings)) : new Map();
    const rest = await rest_of(pools.pool_of, real_clock.now());
    console.log(
      `\n  ${invariants.length} invariants${rest.at_rest ? '' : ' (events are in flight: what holds only at rest is left out)'}${ledgers.size === 0 ? '; no stand-in answers, so ledgers are not compared' : ''}\n`,
    );
    const lines = await audit_on_threads({ url_of, ledgers, now: real_clock.now(), ...rest }, print_line);
    for (const line of await left_out(pools)) console.log(`  – ${line}`);
    await pools.end();
    const findings = lines.flatMap(line => line.findings);
    console.log(findings.length === 0 ? '\n  nothing found\n' : `\n  ${findings.length} findings\n`);
    return findings.length === 0 ? 0 : 1;
  });
}

/** The logs' oldest part as files, and with `drop` what has ended by then out of the logs. It may run beside everything else. */
export async function archive(settings: Settings, { before, drop }: { readonly before: string; readonly drop: boolean }): Promise<number> {
  const say = (line: string) => console.log(`  ${line}`);
  if (drop) refuse_future({ before, clock: real_clock });
  return with_database(settings, async url_of => {
    await archive_logs({ data_folder: settings.data_folder, before, url_of, say });
    if (!drop) return 0;
    const { pool_of, end } = audit_pools(url_of);
    try {
      const analytics_positions = () => positions_of_analytics(settings);
      await drop_archived({ data_folder: settings.data_folder, before, clock: real_clock, pool_of, analytics_positions, say });
    } finally {
      await end();
    }
    return 0;
  });
}

/** Where the stand-ins of this folder listen: as the running process wrote it down, else the ports of the settings. */
async function stand_in_addresses(settings: Settings): Promise<{ name: string; url: string }[]> {
  const text = await readFile(data_file(settings, 'up.json'), 'utf8').catch(() => '{}');
  const { stand_ins } = JSON.parse(text) as { stand_ins?: { name: string; url: string }[] };
  return stand_ins ?? Object.entries(settings.sandbox_ports).map(([name, port]) => ({ name, url: `http://127.0.0.1:${port}` }));
}

/**
 * After a failover or a restore: the service's log begins a new epoch (its positions go on far above every old one, so none is ever used twice), and its
 * positions in the other logs are taken as belonging to the cluster as it is now. Positions ahead of a log that lost events are moved back to its head.
 */
export async function adopt(settings: Settings, service: string): Promise<number> {
  return with_database(settings, async url_of => {
    if (service === 'gateway') return adopt_webhooks(url_of);
    const client = new pg.Client({ connectionString: url_of(service) });
    await client.connect();
    try {
      const marks = await cluster_marks(client);
      await client.query('begin');
      await client.query(`select pg_advisory_xact_lock(hashtextextended('${service}.events', 0))`);
      await client.query(
        `insert into ${service}.log_epoch (epoch, system_identifier, timeline, floor) select max(epoch) + 1, $1, $2, (max(epoch) + 1) * 1099511627776 from ${service}.log_epoch
          having not exists (select 1 from ${service}.log_epoch where system_identifier = $1 and timeline = $2 and epoch = (select max(epoch) from ${service}.log_epoch))`,
        [marks.system_identifier, marks.timeline],
      );
      const { rowCount } = await client.query(`update ${service}.positions set system_identifier = $1, timeline = $2`, [
        marks.system_identifier,
        marks.timeline,
      ]);
      await client.query('commit');
      console.log(
        `  ${service}: ${rowCount ?? 0} positions and the log now belong to cluster ${marks.system_identifier}, timeline ${marks.timeline}. Run \`audit\` next: it compares every row with the fold of its events.`,
      );
      return 0;
    } finally {
      await client.end();
    }
  });
}

/** The gateway has no log, only positions: those ahead of a log that lost events go back to its end. What was sent before is known by its id and not sent twice. */
async function adopt_webhooks(url_of: (service: string) => string): Promise<number> {
  const gateway = new pg.Client({ connectionString: url_of('gateway') });
  await gateway.connect();
  try {
    const { rows: stored } = await gateway.query<{ source: string }>('select source from gateway.webhook_positions order by source');
    for (const { source } of stored) {
      const client = new pg.Client({ connectionString: url_of(source) });
      await client.connect();
      try {
        const { system_identifier, timeline } = await cluster_marks(client);
        const { rows } = await client.query<{ head: string }>(`select coalesce(max(position), 0) as head from ${source}.events`);
        await gateway.query(
          `update gateway.webhook_positions set system_identifier = $2, timeline = $3, position = least(position, $4), generation = generation + 1 where source = $1`,
          [source, system_identifier, timeline, rows[0]?.head],
        );
      } finally {
        await client.end();
      }
    }
  } finally {
    await gateway.end();
  }
  console.log('  gateway: where outgoing webhooks stand in the logs now belongs to the cluster as it is. Start again; no audit is needed.');
  return 0;
}
