/** Which processes live: read from /proc on Linux, asked of `ps` elsewhere. A zombie holds its pid but does not live. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  /** When it started, in the system's own words: with it a pid names one process for good; alone it is used again. */
  readonly started: string;
  readonly command: string;
}

export function living_process(pid: number): Process | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return process.platform === 'linux' ? from_proc(pid) : from_ps(['-p', String(pid)])[0];
}

export function living_processes(): Process[] {
  if (process.platform !== 'linux') return from_ps(['-ax']);
  return readdirSync('/proc').flatMap(name => (/^\d+$/.test(name) ? (from_proc(Number(name)) ?? []) : []));
}

function from_proc(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    // proc(5): after the name in parentheses, which may hold anything, come the state and, as the 20th field, the start time.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /[ZX]/.test(state) ? undefined : { pid, started: fields[18] ?? '', command };
  } catch {
    return undefined; // It ended between two looks.
  }
}

/** Exported for its test: Linux has the same `ps`. */
export function from_ps(selection: readonly string[]): Process[] {
  const args = ['-ww', '-o', 'pid=,stat=,lstart=,command=', ...selection];
  const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, timeout: 10_000, maxBuffer: 64 * 1024 * 1024 } as const;
  let table = '';
  try {
    table = execFileSync('ps', args, options);
  } catch {
    // ps ends with 1 when it finds none.
  }
  return table.split('\n').flatMap(line => {
    const [, pid, state = '', started = '', command = ''] = /^\s*(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || /^[ZX]/.test(state) ? [] : [{ pid: Number(pid), started, command: command.trim() }];
  });
}
