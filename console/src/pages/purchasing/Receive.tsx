/** Goods at the dock: per line what was accepted, what was not and why. */
import { type ReactNode, useState } from 'react';
import { Confirm } from '../../components/Dialog.tsx';
import { Scroll } from '../../components/Scroll.tsx';
import { count } from '../../format.ts';
import { useAction } from '../../queries.ts';
import type { PurchaseLine, PurchaseOrderDetail, Receipt } from '../../types/purchasing.ts';
import { stale_after } from './Deeds.tsx';

interface Counted {
  readonly accepted: number;
  readonly rejected: number;
  readonly reason: string;
}
interface Body {
  readonly lines: readonly { readonly sku: string; readonly accepted: number; readonly rejected: number; readonly reason?: string }[];
  readonly force: boolean;
}
const nothing: Counted = { accepted: 0, rejected: 0, reason: '' };

export function Receive({ order, close }: { readonly order: PurchaseOrderDetail; close(): void }): ReactNode {
  const expected = order.lines.filter(line => line.quantity_outstanding > 0);
  // As a start: all that is still to come came well.
  const [counted, set_counted] = useState<Readonly<Record<string, Counted>>>(() =>
    Object.fromEntries(expected.map(line => [line.sku, { ...nothing, accepted: line.quantity_outstanding }])),
  );
  const [force, set_force] = useState(false);
  const receive = useAction<Body, Receipt>({
    path: () => `/v1/purchase-orders/${order.id}/receipts`,
    invalidates: stale_after,
    done: receipt => `${count(receipt.lines.reduce((units, line) => units + line.accepted, 0))} units are received`,
  });
  const lines = expected
    .map(({ sku }) => ({ sku, ...(counted[sku] ?? nothing) }))
    .filter(line => line.accepted + line.rejected > 0)
    .map(({ reason, ...line }) => ({ ...line, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) }));
  const unexplained = lines.some(line => line.rejected > 0 && !('reason' in line));
  const too_many = expected.some(line => {
    const { accepted, rejected } = counted[line.sku] ?? nothing;
    return accepted + rejected > line.quantity_outstanding;
  });
  return (
    <Confirm
      open
      close={close}
      wide
      title="Receive goods"
      why={`What is accepted is in stock at ${order.location} at once. Damaged units stay there too, as damaged; others go back.`}
      deed="Receive goods"
      ready={lines.length > 0 && !unexplained}
      run={() => receive.run({ lines, force: force && too_many })}
    >
      <Scroll label="What came">
        <table className="table receiving">
          <caption className="hidden">What came</caption>
          <thead>
            <tr>
              <th scope="col">SKU</th>
              <th scope="col" className="end">
                To come
              </th>
              <th scope="col">Accepted</th>
              <th scope="col">Rejected</th>
              <th scope="col">Why rejected</th>
            </tr>
          </thead>
          <tbody>
            {expected.map(line => (
              <LineFields
                key={line.sku}
                line={line}
                counted={counted[line.sku] ?? nothing}
                set={changes => set_counted({ ...counted, [line.sku]: { ...(counted[line.sku] ?? nothing), ...changes } })}
              />
            ))}
          </tbody>
        </table>
      </Scroll>
      <datalist id="why-rejected">
        <option value="damaged" />
        <option value="wrong article" />
        <option value="expired" />
      </datalist>
      {unexplained && <p className="small down">Say why the rejected units were rejected.</p>}
      {too_many && (
        <label className="check">
          <input type="checkbox" checked={force} onChange={event => set_force(event.target.checked)} />
          More came than was ordered: take it beyond the supplier's tolerance, too
        </label>
      )}
    </Confirm>
  );
}

interface LineFieldsProps {
  readonly line: PurchaseLine;
  readonly counted: Counted;
  set(changes: Partial<Counted>): void;
}

function LineFields({ line, counted, set }: LineFieldsProps): ReactNode {
  const units = (name: 'accepted' | 'rejected') => (
    <input
      className="input number"
      type="number"
      min={0}
      step={1}
      aria-label={`${line.sku} ${name}`}
      value={counted[name]}
      onChange={event => set({ [name]: whole(event.target.valueAsNumber) })}
    />
  );
  return (
    <tr>
      <td className="mono">{line.sku}</td>
      <td className="end">{count(line.quantity_outstanding)}</td>
      <td>{units('accepted')}</td>
      <td>{units('rejected')}</td>
      <td>
        <input
          className="input"
          aria-label={`${line.sku}: why rejected`}
          list="why-rejected"
          maxLength={200}
          disabled={counted.rejected === 0}
          value={counted.reason}
          onChange={event => set({ reason: event.target.value })}
        />
      </td>
    </tr>
  );
}

function whole(value: number): number {
  return Number.isInteger(value) && value >= 0 ? value : 0;
}
