/** A table of one page of a list: bones while it loads, words when it is empty, the error with a way on, older and newer by the API's cursor. */
import { type ColumnDef, rowSelectionFeature, tableFeatures, useTable } from '@tanstack/react-table';
import { type KeyboardEvent, type MouseEvent, type ReactNode, useMemo } from 'react';
import { useLocation } from 'wouter';
import type { Paging } from '../location.ts';
import type { PageOf } from '../queries.ts';
import { Button } from './Button.tsx';
import { Scroll } from './Scroll.tsx';
import { Failed, NotRefreshed } from './State.tsx';

export interface Column<T> {
  readonly id: string;
  readonly header: string;
  cell(row: T): ReactNode;
  /** `end`: numbers and money. */
  readonly align?: 'end';
  /** Left out on a phone. */
  readonly wide_only?: boolean;
  /** On one line. */
  readonly keep?: boolean;
  /** Texts of strangers: broken anywhere rather than pushing the rest out of sight. */
  readonly wrap?: boolean;
}

export interface Picked {
  readonly ids: ReadonlySet<string>;
  set(ids: ReadonlySet<string>): void;
}

/** Of a query what a table needs: a page may show its rows in another form. */
export interface TableQuery<T> {
  readonly data: PageOf<T> | undefined;
  readonly error: Error | null;
  readonly isPlaceholderData: boolean;
  refetch(): unknown;
}

interface TableProps<T> {
  /** Read to who cannot see it: Orders. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly query: TableQuery<T>;
  id_of(row: T): string;
  /** Where a click on the row leads. Put the same link into a cell, for the keyboard. */
  href_of?(row: T): string;
  readonly empty: ReactNode;
  readonly paging?: Paging;
  /** How the first page begins. */
  readonly order?: string;
  readonly picked?: Picked;
}

const bones = 8;
const newest_first = 'Newest first';
const features = tableFeatures({ rowSelectionFeature });
const no_rows: readonly never[] = [];

export function Table<T>(props: TableProps<T>): ReactNode {
  const { label, query, paging, empty } = props;
  const { data, error } = query;
  if (data === undefined && error !== null) return <Failed error={error} again={() => void query.refetch()} />;
  if (data !== undefined && data.data.length === 0 && (paging === undefined || paging.is_first)) return empty;
  return (
    <>
      <NotRefreshed query={query} />
      <Scroll label={label} busy={data === undefined}>
        <Rows {...props} />
      </Scroll>
      {paging !== undefined && data !== undefined && <Foot paging={paging} page={data} order={props.order ?? newest_first} />}
    </>
  );
}

function Rows<T>({ label, columns, query, id_of, href_of, picked }: TableProps<T>): ReactNode {
  const [, navigate] = useLocation();
  const definitions = useMemo<ColumnDef<typeof features, T & object>[]>(
    () => columns.map(column => ({ id: column.id, header: column.header, cell: ({ row }) => column.cell(row.original) })),
    [columns],
  );
  const by_id = useMemo(() => new Map(columns.map(column => [column.id, column])), [columns]);
  const table = useTable<typeof features, T & object>({
    features,
    columns: definitions,
    data: (query.data?.data ?? no_rows) as (T & object)[], // rows of the API are objects
    getRowId: id_of,
    enableRowSelection: picked !== undefined,
    state: { rowSelection: Object.fromEntries([...(picked?.ids ?? [])].map(id => [id, true as const])) },
    onRowSelectionChange: change => {
      const before = Object.fromEntries([...(picked?.ids ?? [])].map(id => [id, true as const]));
      picked?.set(new Set(Object.keys(typeof change === 'function' ? change(before) : change)));
    },
  });
  const open = (event: MouseEvent<HTMLTableRowElement>, row: T) => {
    // A link, a button or a marked text in the row is what the person meant.
    const on_control = event.target instanceof Element && event.target.closest('a, button, input, label, select') !== null;
    if (href_of !== undefined && !on_control && window.getSelection()?.isCollapsed !== false) navigate(href_of(row));
  };
  return (
    <table className={query.isPlaceholderData ? 'table is-old' : 'table'}>
      <caption className="hidden">{label}</caption>
      <thead>
        <tr>
          {picked !== undefined && (
            <th scope="col" className="pick">
              <input
                type="checkbox"
                aria-label="Pick all"
                checked={table.getIsAllRowsSelected()}
                onChange={table.getToggleAllRowsSelectedHandler()}
              />
            </th>
          )}
          {table.getFlatHeaders().map(header => (
            <th key={header.id} scope="col" className={classes_of(by_id.get(header.id))}>
              {by_id.get(header.id)?.header === '' ? <span className="hidden">Actions</span> : table.FlexRender({ header })}
            </th>
          ))}
        </tr>
      </thead>
      <tbody onKeyDown={move_between_rows}>
        {query.data === undefined && <BoneRows columns={columns.length + (picked === undefined ? 0 : 1)} />}
        {table.getRowModel().rows.map(row => (
          <tr key={row.id} className={href_of === undefined ? undefined : 'leads'} onClick={event => open(event, row.original)}>
            {picked !== undefined && (
              <td className="pick">
                <input
                  type="checkbox"
                  aria-label={`Pick ${row.id}`}
                  checked={row.getIsSelected()}
                  onChange={row.getToggleSelectedHandler()}
                />
              </td>
            )}
            {row.getAllCells().map(cell => (
              <td key={cell.id} className={classes_of(by_id.get(cell.column.id))}>
                {table.FlexRender({ cell })}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Look = Pick<Column<never>, 'header' | 'align' | 'wide_only' | 'keep' | 'wrap'>;

/** A column without a name holds the row's button: it stays in sight when the table scrolls. */
function classes_of(column: Look | undefined): string | undefined {
  if (column === undefined) return undefined;
  const { header, align, wide_only, keep, wrap } = column;
  return [align, wide_only && 'wide-only', keep && 'keep', wrap && 'wrap', header === '' && 'act'].filter(Boolean).join(' ') || undefined;
}

/** Arrow down and up go to the same control of the next row. */
function move_between_rows(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  if (!(event.target instanceof HTMLElement) || event.target.matches('select, textarea, input:not([type=checkbox])')) return;
  const row = event.target.closest('tr');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const tag = event.target.tagName.toLowerCase();
  const target = next?.querySelector<HTMLElement>(tag) ?? null;
  if (target === null) return;
  event.preventDefault();
  target.focus();
}

function BoneRows({ columns }: { readonly columns: number }): ReactNode {
  return Array.from({ length: bones }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: bones are all alike and never move
    <tr key={row}>
      <td colSpan={columns}>
        <span className={`bone w${1 + (row % 3)}`} />
      </td>
    </tr>
  ));
}

function Foot<T>({ paging, page, order }: { readonly paging: Paging; readonly page: PageOf<T>; readonly order: string }): ReactNode {
  const { next_cursor } = page;
  if (paging.is_first && next_cursor === null) {
    return (
      <div className="table-foot small quiet">
        {page.data.length} {page.data.length === 1 ? 'entry' : 'entries'}
      </div>
    );
  }
  const by_time = order === newest_first;
  return (
    <div className="table-foot">
      <span className="small quiet">{paging.is_first ? order : 'Further entries'}</span>
      <div className="end">
        <Button small disabled={paging.is_first} onClick={paging.newer}>
          {by_time ? 'Newer' : 'Previous'}
        </Button>
        <Button small disabled={next_cursor === null} onClick={() => next_cursor !== null && paging.older(next_cursor)}>
          {by_time ? 'Older' : 'Next'}
        </Button>
      </div>
    </div>
  );
}
