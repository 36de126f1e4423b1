/** Drafting a purchase order by hand. */
import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { ChoiceField, TextField } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import { type PageOf, useAction, useGet } from '../../queries.ts';
import type { PurchaseOrder, Supplier, SupplierItem } from '../../types/purchasing.ts';
import type { Location } from '../../types/stock.ts';

export function DraftButton(): ReactNode {
  const [open, set_open] = useState(false);
  return (
    <>
      <Button onClick={() => set_open(true)}>Draft an order</Button>
      {open && <Draft close={() => set_open(false)} />}
    </>
  );
}

interface Line {
  readonly no: number;
  readonly sku: string;
  readonly quantity: string;
}
interface Body {
  readonly supplier: string;
  readonly location: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

function Draft({ close }: { close(): void }): ReactNode {
  const [, navigate] = useLocation();
  const suppliers = useGet<PageOf<Supplier>>('/v1/suppliers').data?.data ?? [];
  const locations = (useGet<PageOf<Location>>('/v1/locations').data?.data ?? []).filter(one => one.active);
  const [named, set_supplier] = useState('');
  const [placed, set_location] = useState('');
  const [lines, set_lines] = useState<readonly Line[]>([{ no: 0, sku: '', quantity: '' }]);
  const supplier = named === '' ? (suppliers[0]?.code ?? '') : named;
  const location = placed === '' ? (locations[0]?.code ?? '') : placed;
  const items =
    useGet<PageOf<SupplierItem>>(`/v1/suppliers/${supplier}/items`, { limit: 200 }, { enabled: supplier !== '' }).data?.data ?? [];
  const draft = useAction<Body, PurchaseOrder>({
    path: () => '/v1/purchase-orders',
    invalidates: ['/v1/purchase-orders'],
    done: order => `${order.reference} was drafted: approve it to send it`,
  });
  const wanted = lines.map(({ sku, quantity }) => ({ sku: sku.trim(), quantity: Number(quantity) }));
  const ready = wanted.every(line => line.sku !== '' && Number.isInteger(line.quantity) && line.quantity > 0);
  const set_line = (no: number, changes: Partial<Line>) => set_lines(lines.map(line => (line.no === no ? { ...line, ...changes } : line)));
  return (
    <Confirm
      open
      close={close}
      wide
      title="Draft a purchase order"
      why="It is sent to the supplier when somebody approves it."
      deed="Draft order"
      ready={ready && supplier !== '' && location !== ''}
      run={async () => navigate(`/purchasing/${(await draft.run({ supplier, location, lines: wanted })).id}`)}
    >
      <ChoiceField
        label="Supplier"
        choices={suppliers.map(one => ({ value: one.code, label: one.name }))}
        value={supplier}
        onChange={event => set_supplier(event.target.value)}
      />
      <ChoiceField
        label="For location"
        choices={locations.map(one => ({ value: one.code, label: one.name }))}
        value={location}
        onChange={event => set_location(event.target.value)}
      />
      <datalist id="offers">
        {items.map(item => (
          <option key={item.sku} value={item.sku} />
        ))}
      </datalist>
      <div className="lines-form">
        {lines.map((line, place) => (
          <div key={line.no}>
            <TextField
              label={`SKU ${place + 1}`}
              list="offers"
              autoComplete="off"
              value={line.sku}
              onChange={event => set_line(line.no, { sku: event.target.value })}
            />
            <TextField
              label="Units"
              type="number"
              min={1}
              value={line.quantity}
              onChange={event => set_line(line.no, { quantity: event.target.value })}
            />
            <Button
              look="plain"
              square
              aria-label={`Drop line ${place + 1}`}
              disabled={lines.length === 1}
              onClick={() => set_lines(lines.filter(one => one.no !== line.no))}
            >
              <Icon name="close" size={12} />
            </Button>
          </div>
        ))}
      </div>
      <div>
        <Button small onClick={() => set_lines([...lines, { no: Math.max(...lines.map(line => line.no)) + 1, sku: '', quantity: '' }])}>
          Add a line
        </Button>
      </div>
    </Confirm>
  );
}
