/** What a person may do with a purchase order. Buttons follow its state; the API has the last word. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { LongField } from '../../components/Field.tsx';
import { money } from '../../format.ts';
import { useAction } from '../../queries.ts';
import type { PurchaseOrder, PurchaseOrderDetail } from '../../types/purchasing.ts';
import { Receive } from './Receive.tsx';
import { AcknowledgmentDeeds } from './Told.tsx';

type Deed = 'approve' | 'cancel' | 'close' | 'receive';
export const stale_after = ['/v1/purchase-orders', '/v1/replenishment-proposals', '/v1/stock'] as const;

export function OrderDeeds({ order }: { readonly order: PurchaseOrderDetail }): ReactNode {
  const [deed, set_deed] = useState<Deed | null>(null);
  const close = () => set_deed(null);
  const { status } = order;
  const underway = ['sent', 'acknowledged', 'partially_received'].includes(status);
  const may_cancel = ['draft', 'approved', 'sent', 'acknowledged', 'cancelling'].includes(status);
  return (
    <>
      {may_cancel && <Button onClick={() => set_deed('cancel')}>Cancel</Button>}
      {underway && <Button onClick={() => set_deed('close')}>Close</Button>}
      {status === 'sent' && order.channel === 'manual' && order.acknowledgment_to_decide === null && (
        <AcknowledgmentDeeds order={order} accept="They accepted" refuse="They refused" />
      )}
      {(status === 'draft' || status === 'approved') && (
        <Button look="primary" onClick={() => set_deed('approve')}>
          Approve
        </Button>
      )}
      {underway && (
        <Button look="primary" onClick={() => set_deed('receive')}>
          Receive goods
        </Button>
      )}
      <Approve order={order} open={deed === 'approve'} close={close} />
      <End order={order} deed={deed === 'close' ? 'close' : 'cancel'} open={deed === 'cancel' || deed === 'close'} close={close} />
      {deed === 'receive' && <Receive order={order} close={close} />}
    </>
  );
}

interface DeedProps {
  readonly order: PurchaseOrder;
  readonly open: boolean;
  close(): void;
}

function Approve({ order, open, close }: DeedProps): ReactNode {
  const approve = useAction<Record<string, never>, PurchaseOrder>({
    path: () => `/v1/purchase-orders/${order.id}/approve`,
    invalidates: stale_after,
    done: () => `${order.reference} is on its way to ${order.supplier}`,
  });
  return (
    <Confirm
      open={open}
      close={close}
      title={`Order for ${money(order.total, order.currency)} from ${order.supplier}?`}
      why="It is sent to the supplier at once."
      deed="Approve and send"
      run={() => approve.run({})}
    />
  );
}

function End({ order, open, close, deed }: DeedProps & { readonly deed: 'cancel' | 'close' }): ReactNode {
  const [reason, set_reason] = useState('');
  const end = useAction<{ reason?: string }, PurchaseOrder>({
    path: () => `/v1/purchase-orders/${order.id}/${deed}`,
    invalidates: stale_after,
    done: after => (after.status === 'cancelling' ? 'The supplier was asked to cancel it' : `${order.reference} is ${after.status}`),
  });
  const sent = order.sent_at !== null;
  return (
    <Confirm
      open={open}
      close={close}
      title={deed === 'cancel' ? 'Cancel this purchase order?' : 'Close this purchase order?'}
      why={
        deed === 'close'
          ? 'What has not come is not expected any more. What came stays.'
          : sent
            ? 'The supplier has it and is asked to drop it; until they answer it may still come.'
            : 'It was not sent yet: nobody is told.'
      }
      deed={deed === 'cancel' ? 'Cancel order' : 'Close order'}
      danger
      run={() => end.run(reason.trim() === '' ? {} : { reason: reason.trim() })}
    >
      <LongField
        label="Reason"
        hint="Stands in the log."
        maxLength={500}
        value={reason}
        onChange={event => set_reason(event.target.value)}
      />
    </Confirm>
  );
}
