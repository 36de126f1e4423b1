/** A table of rows that the page already has: lines, parcels, facts. Lists of the API are Table's. */
import type { ReactNode } from 'react';
import type { Column } from './Table.tsx';

interface PlainTableProps<T> {
  /** Read to who cannot see it. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  id_of(row: T): string;
}

export function PlainTable<T>({ label, columns, rows, id_of }: PlainTableProps<T>): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so the keyboard must reach it
    <section className="table-scroll" aria-label={label} tabIndex={0}>
      <table className="table">
        <caption className="hidden">{label}</caption>
        <thead>
          <tr>
            {columns.map(column => (
              <th key={column.id} scope="col" className={classes_of(column)}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={id_of(row)}>
              {columns.map(column => (
                <td key={column.id} className={classes_of(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function classes_of({ align, wide_only, keep }: Pick<Column<never>, 'align' | 'wide_only' | 'keep'>): string | undefined {
  return [align, wide_only === true && 'wide-only', keep === true && 'keep'].filter(Boolean).join(' ') || undefined;
}
