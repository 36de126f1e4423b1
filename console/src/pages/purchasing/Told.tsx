/** What the supplier said and sent: an answer that waits for a person, ship notices, what came. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { Card } from '../../components/Page.tsx';
import { Raw, Time } from '../../components/Value.tsx';
import { count, money } from '../../format.ts';
import { useAction } from '../../queries.ts';
import type { PurchaseOrder, PurchaseOrderDetail } from '../../types/purchasing.ts';

interface ToldLine {
  readonly line_no: number;
  readonly confirmed?: number;
  readonly cost?: number;
  readonly substitute_sku?: string;
}

export function ToDecide({ order, may_decide }: { readonly order: PurchaseOrder; readonly may_decide: boolean }): ReactNode {
  const told = order.acknowledgment_to_decide?.['lines'];
  // As openapi.json leaves it open: shown as far as it is understood, and whole below.
  const lines = (Array.isArray(told) ? told : []) as readonly ToldLine[];
  return (
    <Card
      title="The supplier asks"
      actions={may_decide && <AcknowledgmentDeeds order={order} accept="Accept their answer" refuse="Refuse it" />}
    >
      <ul>
        {lines.map(line => (
          <li key={line.line_no}>{asked(order, line)}</li>
        ))}
      </ul>
      <details className="small">
        <summary className="quiet">As they wrote it</summary>
        <Raw value={order.acknowledgment_to_decide} label="The supplier's answer" />
      </details>
    </Card>
  );
}

function asked(order: PurchaseOrder, line: ToldLine): string {
  const ours = order.lines.find(one => one.id === String(line.line_no));
  const sku = ours?.sku ?? `line ${line.line_no}`;
  const parts = [
    line.cost !== undefined && ours !== undefined && line.cost !== ours.cost
      ? `costs ${money(line.cost, order.currency)} instead of ${money(ours.cost, order.currency)}`
      : null,
    line.substitute_sku === undefined ? null : `they would send ${line.substitute_sku} instead`,
    line.confirmed === undefined ? null : `${count(line.confirmed)} confirmed`,
  ];
  return `${sku}: ${parts.filter(part => part !== null).join(', ')}`;
}

interface AcknowledgmentProps {
  readonly order: PurchaseOrder;
  /** The buttons' words. */
  readonly accept: string;
  readonly refuse: string;
}

export function AcknowledgmentDeeds({ order, accept, refuse }: AcknowledgmentProps): ReactNode {
  const [decision, set_decision] = useState<'accept' | 'refuse' | null>(null);
  const decide = useAction<{ decision: string }>({
    path: () => `/v1/purchase-orders/${order.id}/acknowledgment`,
    invalidates: ['/v1/purchase-orders'],
    done: (_reply, body) => (body.decision === 'accept' ? 'The order stands as they answered' : 'The answer was refused'),
  });
  return (
    <>
      <Button onClick={() => set_decision('refuse')}>{refuse}</Button>
      <Button look="primary" onClick={() => set_decision('accept')}>
        {accept}
      </Button>
      <Confirm
        open={decision !== null}
        close={() => set_decision(null)}
        title={decision === 'accept' ? `${accept}?` : `${refuse}?`}
        why={
          decision === 'accept'
            ? 'What they confirmed is expected, at their price. What they would send instead of a line does not come.'
            : 'The units they did not confirm are not expected any more.'
        }
        deed={decision === 'accept' ? accept : refuse}
        danger={decision === 'refuse'}
        run={() => decide.run({ decision: decision ?? 'accept' })}
      />
    </>
  );
}

export function ReceiptsCard({ order }: { readonly order: PurchaseOrderDetail }): ReactNode {
  return (
    <Card title="What came">
      {order.receipts.length === 0 ? (
        <p className="quiet">Nothing yet.</p>
      ) : (
        <ul className="stack">
          {order.receipts.toReversed().map(receipt => (
            <li key={receipt.id}>
              <strong>
                <Time at={receipt.posted_at} />
              </strong>
              <ul>
                {receipt.lines.map(line => (
                  <li key={line.line_id}>
                    <span className="mono">{line.sku}</span>: {count(line.accepted)} accepted
                    {line.rejected > 0 && `, ${count(line.rejected)} rejected`}
                    {line.reason !== null && ` (${line.reason})`}
                    {line.over > 0 && `, ${count(line.over)} more than ordered`}
                    <span className="quiet">; {count(line.outstanding)} still to come</span>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function ShipNoticesCard({ order }: { readonly order: PurchaseOrderDetail }): ReactNode {
  if (order.ship_notices.length === 0) return null;
  return (
    <Card title="On the road">
      <ul className="stack">
        {order.ship_notices.toReversed().map(notice => (
          <li key={notice.id}>
            <span className="mono">{notice.reference}</span>, expected <Time at={notice.expected_at} />
            {notice.tracking_number !== null && <span className="quiet"> · {notice.tracking_number}</span>}
            <div className="small quiet">{notice.lines.map(line => `${count(line.quantity)} of ${line.sku}`).join(', ')}</div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
