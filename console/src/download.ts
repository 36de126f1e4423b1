/** Files: one that the API sends, and a table of this page as CSV. */
import { change_raw } from './api.ts';

/** Kept with the name the API gives it, which is answered. */
export async function download(path: string, body: unknown, name_default: string): Promise<string> {
  const reply = await change_raw(path, body);
  const name = /filename="([^"\\/]{1,200})"/.exec(reply.headers.get('content-disposition') ?? '')?.[1] ?? name_default;
  keep(await reply.blob(), name);
  return name;
}

export type Cell = string | number | boolean | null;

export function keep_csv(columns: readonly string[], rows: readonly (readonly Cell[])[], name: string): void {
  const lines = [columns, ...rows].map(row => row.map(csv_cell).join(','));
  keep(new Blob([`${lines.join('\r\n')}\r\n`], { type: 'text/csv' }), name);
}

/** A text that a spreadsheet would take for a formula is defused by an apostrophe before it. */
export function csv_cell(value: Cell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function keep(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
