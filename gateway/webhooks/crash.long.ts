import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { it } from 'node:test';
import pg from 'pg';
import { claim_ms } from './ledger.ts';
import { open_post_office, until } from './testing/post_office.ts';
import { start_receiver } from './testing/receiver.ts';

const start_worker = (database_url: string): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, 'testing', 'worker.ts')], {
    env: { ...process.env, DATABASE_URL: database_url },
    stdio: 'inherit',
  });

it('a process killed between its attempt and the commit loses nothing: it is sent again, with the same id', async t => {
  const office = await open_post_office(t, { is_idle: true });
  const receiver = await start_receiver();
  const outside = new pg.Client({ connectionString: office.database_url });
  // The database goes before its last connection does.
  outside.on('error', () => undefined);
  await outside.connect();
  t.after(async () => {
    await receiver.stop();
    await outside.end();
  });
  // Nothing about deliveries can be written while somebody holds their lock.
  const hold = () => outside.query("select pg_advisory_lock(hashtextextended('gateway.webhook_deliveries', 0))");
  const release = () => outside.query("select pg_advisory_unlock(hashtextextended('gateway.webhook_deliveries', 0))");
  receiver.answer = (_one, nth, response) => {
    if (nth > 0) return void response.writeHead(204).end();
    hold().then(
      () => void response.writeHead(204).end(),
      () => response.destroy(),
    );
  };
  await office.subscribe(receiver.url);
  const said = await office.say({ subject: 'ord_1' }, { subject: 'ord_1' });
  const worker = start_worker(office.database_url);
  const ended = once(worker, 'exit');
  t.after(() => void worker.kill('SIGKILL'));
  await until('the worker has its answer and waits to write it down', async () => {
    const { rows } = await outside.query("select 1 from pg_locks where locktype = 'advisory' and not granted");
    return receiver.received.length === 1 && rows.length > 0;
  });
  worker.kill('SIGKILL');
  assert.equal((await ended)[1], 'SIGKILL');
  await release();
  assert.deepEqual(
    (await office.rows()).map(row => [row.state, row.attempts]),
    [
      ['sending', 1],
      ['waiting', 0],
    ],
  );
  // Its claim lapses; whoever lives takes it over.
  office.clock.move(claim_ms + 1_000);
  office.hooks.start();
  await until('both are delivered', async () => (await office.rows()).every(row => row.state === 'delivered'));
  assert.deepEqual(
    receiver.received.map(one => one.id),
    [said[0], ...said],
  );
});

it('a worker that is stopped finishes what is under way; what hangs it gives back at once, uncounted', async t => {
  const office = await open_post_office(t);
  const receiver = await start_receiver();
  t.after(receiver.stop);
  receiver.answer = ({ body }, nth, response) => {
    if (nth > 1) return void response.writeHead(204).end();
    if (body.includes('ord_slow')) setTimeout(() => response.writeHead(204).end(), 500);
  };
  await office.subscribe(receiver.url);
  await office.say({ subject: 'ord_slow' }, { subject: 'ord_hanging' });
  await until('both are under way', () => receiver.received.length === 2);
  await office.hooks.stop();
  const rows = await office.rows();
  assert.deepEqual(
    rows.map(row => [row.subject, row.state, row.attempts]),
    [
      ['ord_slow', 'delivered', 1],
      ['ord_hanging', 'waiting', 0],
    ],
  );
  office.another().start();
  await until('it is delivered by the next', async () => (await office.rows()).every(row => row.state === 'delivered'));
});
