/** Every movement of a SKU, newest first; on the first page with what each left on the shelf. */
import { type ReactNode, useMemo } from 'react';
import { Card } from '../../components/Page.tsx';
import { Empty } from '../../components/State.tsx';
import { Subject } from '../../components/Subject.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { Time } from '../../components/Value.tsx';
import { count, words } from '../../format.ts';
import { usePaging } from '../../location.ts';
import { usePage } from '../../queries.ts';
import type { Movement, Stock } from '../../types/stock.ts';
import { useActorName } from '../settings/names.ts';

/** Accounts whose units stand on our shelves. */
const ours = new Set(['sellable', 'quality_control', 'damaged']);

interface Entry extends Movement {
  readonly key: string;
  /** Of units on hand; 0: they only changed their condition. */
  readonly change: number;
  /** On hand at its location after it; null where the page does not begin now. */
  readonly left: number | null;
}

function change_of({ from_account, to_account, quantity }: Movement): number {
  return (ours.has(to_account) ? quantity : 0) - (ours.has(from_account) ? quantity : 0);
}

/** From now backwards: the newest left what is there. */
function entries_of(movements: readonly Movement[], stock: Stock, from_now: boolean): readonly Entry[] {
  const on_hand = new Map(stock.locations.map(one => [one.location, one.on_hand]));
  return movements.map((movement, place) => {
    const change = change_of(movement);
    const left = on_hand.get(movement.location) ?? 0;
    on_hand.set(movement.location, left - change);
    return { ...movement, key: `${movement.cause.id} ${movement.location} ${place}`, change, left: from_now ? left : null };
  });
}

const columns: readonly Column<Entry>[] = [
  { id: 'at', header: 'When', keep: true, cell: entry => <Time at={entry.moved_at} /> },
  { id: 'kind', header: 'What', cell: entry => words(entry.kind) },
  { id: 'change', header: 'Change', align: 'end', keep: true, cell: entry => <Change entry={entry} /> },
  {
    id: 'left',
    header: 'Left on hand',
    align: 'end',
    cell: entry => (entry.left === null ? <span className="quiet">–</span> : count(entry.left)),
  },
  { id: 'location', header: 'Location', cell: entry => entry.location },
  {
    id: 'way',
    header: 'From, to',
    wide_only: true,
    keep: true,
    cell: entry => (
      <span className="quiet">
        {words(entry.from_account)} → {words(entry.to_account).toLowerCase()}
      </span>
    ),
  },
  {
    id: 'why',
    header: 'Because of',
    cell: entry => (
      <>
        {entry.reason !== null && entry.reason !== '' && <div>{entry.reason}</div>}
        <span className="small quiet">
          {words(entry.cause.type)} <Subject id={entry.cause.id} />
        </span>
      </>
    ),
  },
];

function Change({ entry }: { readonly entry: Entry }): ReactNode {
  if (entry.change === 0) return <span className="quiet">±{count(entry.quantity)}</span>;
  return (
    <strong className={entry.change > 0 ? 'up' : 'down'}>
      {entry.change > 0 ? `+${count(entry.change)}` : `−${count(-entry.change)}`}
    </strong>
  );
}

/** Who may not read names sees that it was somebody, and which in the title. */
function Actor({ id, name }: { readonly id: string; readonly name: string }): ReactNode {
  return <span title={id}>{/^(stf|key)_/.test(name) ? `${name.slice(0, 4)}…${name.slice(-4)}` : name}</span>;
}

export function Ledger({ stock }: { readonly stock: Stock }): ReactNode {
  const paging = usePaging();
  const name_of = useActorName();
  const query = usePage<Movement>(`/v1/stock/${stock.sku}/movements`, { cursor: paging.cursor });
  const data = query.data;
  const shown = useMemo(
    () => (data === undefined ? undefined : { ...data, data: entries_of(data.data, stock, paging.is_first) }),
    [data, stock, paging.is_first],
  );
  return (
    <Card title="Why the number is what it is" flush>
      <Table
        label="Movements"
        columns={[
          ...columns,
          { id: 'actor', header: 'By', wide_only: true, cell: entry => <Actor id={entry.actor} name={name_of(entry.actor)} /> },
        ]}
        query={{ data: shown, error: query.error, isPlaceholderData: query.isPlaceholderData, refetch: query.refetch }}
        paging={paging}
        id_of={entry => entry.key}
        empty={<Empty title="Nothing has moved yet" />}
      />
    </Card>
  );
}
