/** Files: one that the API sends, and a table of this page as CSV. */
import { change_raw } from './api.ts';
import { type Cell, csv_of } from './csv.ts';

/** Kept with the name the API gives it, which is answered. */
export async function download(path: string, body: unknown, name_default: string): Promise<string> {
  const reply = await change_raw(path, body);
  const name = /filename="([^"\\/]{1,200})"/.exec(reply.headers.get('content-disposition') ?? '')?.[1] ?? name_default;
  keep(await reply.blob(), name);
  return name;
}

export function keep_csv(columns: readonly string[], rows: readonly (readonly Cell[])[], name: string): void {
  keep(new Blob([csv_of(columns, rows)], { type: 'text/csv' }), name);
}

function keep(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
