/**
 * Whether a log in another cluster than the archive's goes on where the archive ends: it was promoted, or restored, and adopted. All that the log has up to
 * there must be in the archive as it is in the log, event by event; and all that the archive has must be in the log, or noted as taken out of it. Less
 * would do when a failover lost nothing: but the tail that it may lose is what nobody sees.
 */
import type pg from 'pg';
import { end_of, type Manifest } from './manifest.ts';
import { open_parquet } from './parquet.ts';
import { verify_archive } from './verified.ts';

/** Errors: `foreign_archive`, with what differs; `archive_changed` and `archive_missing` of the files. */
export async function refuse_other_log(manifest: Manifest, folder: string, client: pg.Client): Promise<void> {
  const { service, files } = manifest;
  const end = end_of(manifest);
  const { rows } = await client.query<{ logged: number; taken: number }>(
    `select (select count(*) from ${service}.events where position <= $1)::float8 as logged,
            (select count(*) from ${service}.dropped_key, unnest(positions) p where p <= $1)::float8 as taken`,
    [end],
  );
  const { logged = 0, taken = 0 } = rows[0] ?? {};
  const archived = files.reduce((sum, file) => sum + file.events, 0);
  if (logged + taken !== archived) {
    const detail = `up to position ${end} the archive has ${archived} events, the log ${logged}, and ${taken} were taken out of it`;
    throw foreign(service, folder, detail);
  }
  const parquet = await open_parquet();
  try {
    await verify_archive({ parquet, on: client, folder, manifest }, end);
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'archive_differs') throw cause;
    throw foreign(service, folder, (cause as Error).message, cause);
  } finally {
    parquet.close();
  }
}

function foreign(service: string, folder: string, detail: string, cause?: unknown): Error {
  return Object.assign(
    new Error(
      `${folder} is of another log of ${service} than this one, which was adopted after a failover or restore: ${detail}. Nothing is added. Move the folder away for an archive that begins anew, or keep it where it is if events were taken out of this log (docs/operations.md).`,
      { cause },
    ),
    { code: 'foreign_archive' },
  );
}
