/** CSV as RFC 4180 has it, in UTF-8, that a spreadsheet opens without running anything it holds. */
import type { Json } from '../../platform/service.ts';

/** A text that begins so is a formula to a spreadsheet (reliability.md 6.3, 111); the wide forms are to some. */
const formula = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/** One line with its end. Numbers stay numbers, negative ones too; null is an empty cell, an empty text a quoted one. */
export function csv_line(cells: readonly Json[]): string {
  return `${cells.map(csv_cell).join(',')}\r\n`;
}

function csv_cell(value: Json): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const harmless = formula.test(text) ? `'${text}` : text;
  return harmless === '' || /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
