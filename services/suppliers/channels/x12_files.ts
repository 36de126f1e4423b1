/**
 * The channel `x12_files`: a folder that a gateway (AS2, SFTP, VAN) shares with us. What we write appears in `out` whole, by rename. What lies in `in` is
 * taken by renaming it into `work`, stays there until it has counted, and then goes to `done` or `failed`: a process that dies at any place repeats, and loses nothing.
 */
import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import type { Adapter, Operation, Outcome } from '../../../platform/service.ts';
import { CancelOrderSchema, type Collect, CollectSchema, SendOrderSchema, SendReplySchema } from './port.ts';
import { transmission_bytes_max } from './x12/read.ts';
import { no_cancellation, not_understood, purchase_order_of } from './x12_http.ts';

export const timeout_ms = 30_000;
export const in_flight_max = 4;
const folders = ['in', 'work', 'done', 'failed', 'out'] as const;

const requests = {
  send_order: Compile(SendOrderSchema),
  cancel_order: Compile(CancelOrderSchema),
  collect: Compile(CollectSchema),
  send_reply: Compile(SendReplySchema),
};

export function x12_files_channel({ folder }: { readonly folder: string }): Adapter {
  // Each of them may be done twice: the same name with the same bytes, and a look is a look.
  const perform = (operation: Operation) => perform_in(folder, operation);
  return { timeout_ms, in_flight_max, perform, query: perform };
}

async function perform_in(folder: string, { kind, request }: Operation): Promise<Outcome> {
  if (kind === 'cancel_order' && requests.cancel_order.Check(request)) return no_cancellation;
  if (kind === 'collect' && requests.collect.Check(request)) return collect(folder, request).catch(unavailable);
  if (kind === 'send_reply' && requests.send_reply.Check(request)) return write(folder, request.name, request.text);
  if (kind !== 'send_order' || !requests.send_order.Check(request)) return not_understood(kind);
  const text = purchase_order_of(request);
  if (typeof text !== 'string') return text;
  return write(folder, `850-${String(request.envelope?.control_number).padStart(9, '0')}-${request.reference}.edi`, text);
}

async function make_folders(folder: string): Promise<void> {
  await Promise.all(folders.map(name => mkdir(join(folder, name), { recursive: true })));
}

/** Under a name that begins with a dot until it is whole and on the disk: gateways pass those by. */
async function write(folder: string, name: string, text: string): Promise<Outcome> {
  await make_folders(folder);
  const unfinished = join(folder, 'out', `.${name}`);
  const file = await open(unfinished, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, join(folder, 'out', name));
  return { outcome: 'ok', value: { channel: 'x12_files', name } };
}

/** A look that could not be made is over: the next one is another. */
function unavailable(error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  return { outcome: 'permanent_error', code: 'folder_unavailable', detail: code };
}

async function collect(folder: string, { settle }: Collect): Promise<Outcome> {
  await make_folders(folder);
  for (const { name, to } of settle) await move(join(folder, 'work', name), join(folder, to === 'done' ? 'done' : 'failed', name));
  const name = (await files_in(join(folder, 'work'))).at(0) ?? (await claim(folder));
  if (name === undefined) return { outcome: 'ok', value: { facts: [] } };
  const path = join(folder, 'work', name);
  const { size } = await stat(path);
  // What is too large is not even read: nothing of it can count.
  const bytes = size > transmission_bytes_max ? Buffer.from(`a file of ${size} bytes`) : await readFile(path);
  return { outcome: 'ok', value: { facts: [{ name, raw: bytes.toString('base64') }] } };
}

/** The first that nobody else takes before. */
async function claim(folder: string): Promise<string | undefined> {
  for (const name of await files_in(join(folder, 'in'))) {
    if (await move(join(folder, 'in', name), join(folder, 'work', name))) return name;
  }
  return undefined;
}

/** Of so many names the oldest comes first. */
const names_max = 1_000;

/** The oldest first; those that are still being written (a dot in front, `.tmp`, `.part`) are not there yet. */
async function files_in(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.filter(entry => entry.isFile() && !/^\.|\.(tmp|part)$/i.test(entry.name)).map(entry => entry.name);
  const aged = await Promise.all(
    names
      .sort()
      .slice(0, names_max)
      .map(async name => ({ name, age: await written_at(join(path, name)) })),
  );
  return aged.sort((a, b) => a.age - b.age).map(({ name }) => name);
}
async function written_at(path: string): Promise<number> {
  // Taken by somebody else meanwhile: claiming it will show.
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

/** False: it is not there any more. */
async function move(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
