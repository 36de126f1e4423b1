/** A ClickHouse for tests: the server that CLICKHOUSE_TEST_URL names, or the engine of the Python package chdb behind a small server. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** `CHDB_PYTHON`: a Python that has it, of a virtual environment say. */
const python = process.env['CHDB_PYTHON'] ?? 'python3';

/** Why there is none; undefined when there is one. */
export function no_clickhouse(): string | undefined {
  if (process.env['CLICKHOUSE_TEST_URL'] !== undefined) return undefined;
  if (spawnSync(python, ['-c', 'import chdb'], { stdio: 'ignore' }).status === 0) return undefined;
  return 'no ClickHouse: pip install chdb (CHDB_PYTHON names a Python that has it), or set CLICKHOUSE_TEST_URL';
}

export interface TestClickHouse {
  /** A database of its own for each name. */
  url_of(database: string): string;
  stop(): Promise<void>;
}

export async function start_clickhouse(): Promise<TestClickHouse> {
  const given = process.env['CLICKHOUSE_TEST_URL'];
  if (given !== undefined) return { url_of: database => new URL(`/${database}`, given).href, stop: async () => undefined };
  const child = spawn(python, [join(import.meta.dirname, 'clickhouse_server.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  // Its engine keeps nothing that is needed again, and sometimes does not let go of its process when that should end.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const port = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`the server of chdb ended with ${code}`)));
  });
  return {
    url_of: database => `http://127.0.0.1:${port}/${database}`,
    async stop() {
      kill();
      await ended;
      process.off('exit', kill);
    },
  };
}
