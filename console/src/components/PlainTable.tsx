/** A table of rows that the page already has: lines, parcels, facts. Lists of the API are Table's. */
import type { ReactNode } from 'react';
import { Scroll } from './Scroll.tsx';
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
    <Scroll label={label}>
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
    </Scroll>
  );
}

function classes_of({ align, wide_only, keep }: Pick<Column<never>, 'align' | 'wide_only' | 'keep'>): string | undefined {
  return [align, wide_only === true && 'wide-only', keep === true && 'keep'].filter(Boolean).join(' ') || undefined;
}
