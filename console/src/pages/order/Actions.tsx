/** What a person may do with an order. Buttons are there when the state allows it; the API has the last word and its refusal is shown. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { LongField } from '../../components/Field.tsx';
import { useAction } from '../../queries.ts';
import { useMay } from '../../session.tsx';
import type { Hold, Order } from '../../types/orders.ts';
import { Cancel } from './Cancel.tsx';
import { cancellable, returnable } from './Lines.tsx';
import { ReturnUnits } from './Return.tsx';
import { Capture, Refund } from './Take.tsx';

type Deed = 'cancel' | 'hold' | 'release' | 'refund' | 'capture' | 'return';

export interface DeedProps {
  readonly order: Order;
  readonly open: boolean;
  close(): void;
}
/** What a command about this order makes stale: lists, the order, its story. */
export const stale_after = ['/v1/orders', '/v1/payments', '/v1/returns'] as const;

export function OrderActions({ order }: { readonly order: Order }): ReactNode {
  const may = useMay();
  const [deed, set_deed] = useState<Deed | null>(null);
  const close = () => set_deed(null);
  const given = (name: Deed) => ({ order, open: deed === name, close });
  const buttons: readonly (readonly [Deed, string, boolean])[] = [
    ['release', 'Release hold', order.holds.length > 0],
    ['hold', 'Hold', order.holds.length === 0 && ['confirmed', 'in_fulfillment'].includes(order.status)],
    ['capture', 'Capture', may('payments:write') && order.payments.some(payment => capturable(payment) > 0)],
    ['refund', 'Refund', may('payments:write') && order.payments.some(payment => payment.captured > payment.refunded)],
    ['return', 'Return', order.lines.some(line => returnable(line) > 0)],
    [
      'cancel',
      'Cancel',
      ['placed', 'awaiting_payment', 'confirmed', 'in_fulfillment'].includes(order.status) &&
        order.lines.some(line => cancellable(line) > 0),
    ],
  ];
  return (
    <>
      {buttons
        .filter(([, , shown]) => shown)
        .map(([name, label]) => (
          <Button key={name} onClick={() => set_deed(name)}>
            {label}
          </Button>
        ))}
      <Cancel {...given('cancel')} />
      <HoldOrder {...given('hold')} />
      {order.holds[0] !== undefined && <Release {...given('release')} hold={order.holds[0]} />}
      <Refund {...given('refund')} />
      <Capture {...given('capture')} />
      <ReturnUnits {...given('return')} />
    </>
  );
}

export const capturable = (payment: Order['payments'][number]): number => payment.authorized - payment.captured - payment.voided;

function HoldOrder({ order, open, close }: DeedProps): ReactNode {
  const [reason, set_reason] = useState('');
  const hold = useAction<{ reason: string }>({
    path: () => `/v1/orders/${order.id}/holds`,
    invalidates: stale_after,
    done: () => `Order #${order.number} is on hold`,
  });
  return (
    <Confirm
      open={open}
      close={close}
      title={`Hold order #${order.number}?`}
      why="Nothing more is shipped or captured until somebody releases it. What is already on its way stays so."
      deed="Hold order"
      ready={reason.trim() !== ''}
      run={() => hold.run({ reason: reason.trim() })}
    >
      <LongField
        label="Reason"
        hint="Your colleagues read it."
        required
        maxLength={500}
        value={reason}
        onChange={event => set_reason(event.target.value)}
      />
    </Confirm>
  );
}

function Release({ order, open, close, hold }: DeedProps & { readonly hold: Hold }): ReactNode {
  const release = useAction<Hold>({
    method: 'DELETE',
    path: one => `/v1/orders/${order.id}/holds/${one.id}`,
    invalidates: stale_after,
    done: () => `Order #${order.number} goes on`,
  });
  return (
    <Confirm
      open={open}
      close={close}
      title="Release the hold?"
      why={`It was held because: ${hold.reason}`}
      deed="Release hold"
      run={() => release.run(hold)}
    />
  );
}
