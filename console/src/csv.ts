/** CSV as RFC 4180 has it, whose cells no spreadsheet runs. */
export type Cell = string | number | boolean | null;

export function csv_of(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [columns, ...rows].map(row => `${row.map(csv_cell).join(',')}\r\n`).join('');
}

/** A text that a spreadsheet would take for a formula is defused by an apostrophe before it. */
function csv_cell(value: Cell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
