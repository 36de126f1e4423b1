/** One SKU: its numbers location by location, the movements that explain them, who waits for it and what is on its way. */
import type { ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import { Card, Page, Tile } from '../components/Page.tsx';
import { PlainTable } from '../components/PlainTable.tsx';
import { Empty, Loaded } from '../components/State.tsx';
import type { Column } from '../components/Table.tsx';
import { count, words } from '../format.ts';
import { type PageOf, useGet } from '../queries.ts';
import { useMay } from '../session.tsx';
import type { PurchaseOrder, ReorderPolicy } from '../types/purchasing.ts';
import type { Backorder, Counters, Product, Stock } from '../types/stock.ts';
import { ItemState } from './Stock.tsx';
import { AdjustButton } from './stock/Adjust.tsx';
import { Ledger } from './stock/Ledger.tsx';
import { BackordersCard, IncomingCard, on_its_way } from './stock/Supply.tsx';

const back = { href: '/stock', label: 'Stock' };

export function StockItem(): ReactNode {
  const { sku = '' } = useParams();
  const may = useMay();
  const query = useGet<Stock>(`/v1/stock/${sku}`);
  const product = useGet<Product>(`/v1/products/${sku}`, {}, { enabled: may('catalog:read') });
  return (
    <Page
      title={sku}
      back={back}
      lead={product.data?.name}
      actions={
        <>
          <Link href={`/orders?sku=${sku}`} className="button">
            Its orders
          </Link>
          {may('stock:write') && <AdjustButton sku={sku} look="primary" />}
        </>
      }
    >
      {query.data === undefined ? (
        <div className="card">
          <Loaded query={query}>{() => null}</Loaded>
        </div>
      ) : (
        <Numbers stock={query.data} />
      )}
    </Page>
  );
}

function Numbers({ stock }: { readonly stock: Stock }): ReactNode {
  const may = useMay();
  const buys = may('suppliers:read');
  const waiting = useGet<{ data: readonly Backorder[] }>('/v1/backorders', { sku: stock.sku });
  const orders = useGet<PageOf<PurchaseOrder>>('/v1/purchase-orders', { sku: stock.sku }, { enabled: buys });
  const policies = useGet<PageOf<ReorderPolicy>>('/v1/reorder-policies', { sku: stock.sku }, { enabled: buys });
  const sum = (of: (one: Counters) => number) => stock.locations.reduce((total, one) => total + of(one), 0);
  const incoming = on_its_way(orders.data?.data ?? [], stock.sku);
  return (
    <div className="stack">
      <div className="tiles">
        <Tile label="Available" value={count(stock.available)} note="May still be sold" />
        <Tile label="On hand" value={count(sum(one => one.on_hand))} note="On the shelves" />
        <Tile label="Promised" value={count(sum(one => one.held + one.allocated))} note="Held for buyers, or paid" />
        <Tile label="Backordered" value={count(stock.backordered)} note="Paid, and not here" />
        {buys && (
          <Tile label="On its way" value={count(incoming.reduce((units, one) => units + one.outstanding, 0))} note="On purchase orders" />
        )}
      </div>
      <Card title="Location by location" flush>
        <PlainTable label="Locations" columns={location_columns} rows={stock.locations} id_of={one => one.location} />
        <p className="card-body small quiet">
          Available = on hand − damaged − in quality control − safety − held − allocated. Held is kept for a buyer who pays; allocated is
          paid.
        </p>
      </Card>
      <BackordersCard query={waiting} />
      {buys && <IncomingCard query={orders} sku={stock.sku} />}
      {buys && <PoliciesCard policies={policies.data?.data ?? []} />}
      <Ledger stock={stock} />
    </div>
  );
}

const number = (id: string, header: string, of: (one: Counters) => number): Column<Counters> => ({
  id,
  header,
  align: 'end',
  cell: one => (of(one) === 0 ? <span className="quiet">0</span> : count(of(one))),
});
const location_columns: readonly Column<Counters>[] = [
  { id: 'location', header: 'Location', keep: true, cell: one => <strong>{one.location}</strong> },
  { id: 'state', header: 'State', cell: one => <ItemState item={one} /> },
  number('on_hand', 'On hand', one => one.on_hand),
  number('damaged', 'Damaged', one => one.damaged),
  number('quality_control', 'Quality control', one => one.quality_control),
  number('safety', 'Safety', one => one.safety),
  number('held', 'Held', one => one.held),
  number('allocated', 'Allocated', one => one.allocated),
  { id: 'available', header: 'Available', align: 'end', cell: one => <strong>{count(one.available)}</strong> },
  {
    id: 'backordered',
    header: 'Backordered',
    align: 'end',
    cell: one => (
      <>
        {count(one.backordered)} <span className="quiet">of {count(one.backorder_limit)}</span>
      </>
    ),
  },
];

function PoliciesCard({ policies }: { readonly policies: readonly ReorderPolicy[] }): ReactNode {
  return (
    <Card title="When it is bought">
      {policies.length === 0 ? (
        <Empty title="Nobody said when to buy it">Without a policy it is never reordered. PUT /v1/reorder-policies sets one.</Empty>
      ) : (
        <ul className="stack">
          {policies.map(one => (
            <li key={one.location}>
              <strong>{one.location}</strong>: when {count(one.reorder_point)} or fewer are there and on their way, up to{' '}
              {count(one.target)}
              {one.supplier !== null && (
                <>
                  {' '}
                  from <Link href={`/suppliers/${one.supplier}`}>{one.supplier}</Link>
                </>
              )}
              .{' '}
              <span className="quiet">
                {words(one.method)}, {one.demand_milli > 0 && `${count(one.demand_milli / 1_000)} a day, `}
                {one.auto ? 'ordered by itself' : 'proposed to a person'}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
