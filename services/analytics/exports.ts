/**
 * A dataset as a file, sent while it is written. It goes through a file of ours: a client that reads slowly would otherwise hold the moment that the
 * rows are read in, and the store could not tidy itself up for as long.
 */
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Source } from './batch.ts';
import { type DatasetName, dataset_statement } from './datasets.ts';
import type { FileWanted, Warehouse } from './warehouses/warehouse.ts';
import { type Watermark, watermark_of } from './watermark.ts';

const bytes_at_once = 64 * 1024;
const look_again_ms = 20;

export interface ExportWanted {
  readonly dataset: DatasetName;
  readonly format: FileWanted['format'];
  readonly from?: string;
  readonly to?: string;
  /** The client went away. */
  readonly signal: AbortSignal;
}
export interface Exported {
  readonly watermark: Watermark;
  readonly stream: AsyncIterable<Uint8Array>;
}
export interface Exporter {
  begin(wanted: ExportWanted): Promise<Exported>;
}

export interface ExporterGiven {
  readonly warehouse: Warehouse;
  readonly folder: string;
  readonly waiting: Clock;
  /** The process ends: no file is finished. */
  readonly stopping: AbortSignal;
  sources(): readonly Source[];
}

export async function exporter(given: ExporterGiven): Promise<Exporter> {
  const folder = join(given.folder, 'exports');
  // What a killed process left.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  let count = 0;
  return {
    async begin({ dataset, format, from, to, signal }) {
      count += 1;
      const file = join(folder, `${count}.${format}`);
      const gone = new AbortController();
      const begun = Promise.withResolvers<Watermark>();
      const sql = dataset_statement(given.warehouse.dialect, dataset, {
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      const over = AbortSignal.any([signal, gone.signal, given.stopping]);
      const written = given.warehouse.write_file({ sql, format, file, signal: over }, async ask =>
        begun.resolve(await watermark_of(ask, given.sources())),
      );
      written.catch(begun.reject);
      const watermark = await begun.promise;
      return { watermark, stream: as_written(file, written, gone, given.waiting) };
    },
  };
}

/** The bytes of a file that is being written, to the end of it; then the file is removed. */
async function* as_written(file: string, written: Promise<void>, gone: AbortController, waiting: Clock): AsyncGenerator<Uint8Array> {
  let is_whole = false;
  let failure: { readonly error: unknown } | undefined;
  const ended = written.then(
    () => {
      is_whole = true;
    },
    (error: unknown) => {
      failure = { error };
    },
  );
  let handle: FileHandle | undefined;
  try {
    for (let position = 0; ; ) {
      // Before looking: what is written after the look is seen by the next one.
      const is_last_look = is_whole;
      if (failure !== undefined) throw failure.error;
      handle ??= await open(file).catch(() => undefined);
      const { bytesRead, buffer } = (await handle?.read({ buffer: new Uint8Array(bytes_at_once), position })) ?? nothing_read;
      position += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (is_last_look) return;
      else await waiting.sleep(look_again_ms);
    }
  } finally {
    gone.abort();
    await ended;
    await handle?.close();
    await rm(file, { force: true });
  }
}
const nothing_read = { bytesRead: 0, buffer: new Uint8Array() };
