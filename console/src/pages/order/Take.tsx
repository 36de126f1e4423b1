/** Money: giving back what was captured, taking what is authorized. Amounts are typed as people write them and sent in minor units. */
import { type ReactNode, useEffect, useState } from 'react';
import { Confirm } from '../../components/Dialog.tsx';
import { ChoiceField, TextField } from '../../components/Field.tsx';
import { money, money_plain, read_money, words } from '../../format.ts';
import { useAction } from '../../queries.ts';
import type { Order, OrderPayment } from '../../types/orders.ts';
import { capturable, type DeedProps, stale_after } from './Actions.tsx';

const reasons = [
  { value: 'goodwill', label: 'Goodwill' },
  { value: 'return', label: 'Goods came back' },
  { value: 'lost', label: 'Lost on the way' },
  { value: 'sent_back', label: 'Parcel was sent back' },
];

const refundable = (payment: OrderPayment): number => payment.captured - payment.refunded;

export function Refund({ order, open, close }: DeedProps): ReactNode {
  const [reason, set_reason] = useState('goodwill');
  const chosen = useAmount(order, open, refundable);
  const refund = useAction<{ amount: number; reason: string }>({
    path: () => `/v1/payments/${chosen.payment?.id ?? ''}/refunds`,
    invalidates: stale_after,
    done: (_reply, { amount }) => `${money(amount, order.currency)} are on their way back`,
  });
  return (
    <Confirm
      open={open}
      close={close}
      title={`Refund order #${order.number}?`}
      why="The money goes back the way it came. This cannot be undone."
      deed={chosen.amount === null ? 'Refund' : `Refund ${money(chosen.amount, order.currency)}`}
      danger
      ready={chosen.amount !== null && chosen.amount > 0}
      run={() => refund.run({ amount: chosen.amount ?? 0, reason })}
    >
      <AmountFields order={order} chosen={chosen} most="Left to refund" />
      <ChoiceField label="Reason" choices={reasons} value={reason} onChange={event => set_reason(event.target.value)} />
    </Confirm>
  );
}

export function Capture({ order, open, close }: DeedProps): ReactNode {
  const chosen = useAmount(order, open, capturable);
  const capture = useAction<{ amount: number }>({
    path: () => `/v1/payments/${chosen.payment?.id ?? ''}/capture`,
    invalidates: stale_after,
    done: (_reply, { amount }) => `${money(amount, order.currency)} are being taken`,
  });
  return (
    <Confirm
      open={open}
      close={close}
      title={`Capture money of order #${order.number}?`}
      why="Takes what the shopper's bank has authorized, before it is taken by itself at dispatch."
      deed={chosen.amount === null ? 'Capture' : `Capture ${money(chosen.amount, order.currency)}`}
      ready={chosen.amount !== null && chosen.amount > 0}
      run={() => capture.run({ amount: chosen.amount ?? 0 })}
    >
      <AmountFields order={order} chosen={chosen} most="Authorized and not taken" />
    </Confirm>
  );
}

interface Chosen {
  readonly payment: OrderPayment | undefined;
  readonly payments: readonly OrderPayment[];
  readonly most: number;
  readonly text: string;
  /** Null while what is typed is no amount up to `most`. */
  readonly amount: number | null;
  set_text(text: string): void;
  set_payment(id: string): void;
}

/** One payment of those that have something left, and an amount of it; all of it to begin with. */
function useAmount(order: Order, open: boolean, left_of: (payment: OrderPayment) => number): Chosen {
  const payments = order.payments.filter(payment => left_of(payment) > 0);
  const [payment_id, set_payment_id] = useState('');
  const payment = payments.find(one => one.id === payment_id) ?? payments[0];
  const most = payment === undefined ? 0 : left_of(payment);
  const [text, set_text] = useState('');
  // biome-ignore lint/correctness/useExhaustiveDependencies: begun anew when it opens or another payment is chosen
  useEffect(() => {
    if (open) set_text(money_plain(most, order.currency));
  }, [open, payment?.id]);
  const typed = read_money(text, order.currency);
  return { payment, payments, most, text, amount: typed !== null && typed <= most ? typed : null, set_text, set_payment: set_payment_id };
}

function AmountFields({ order, chosen, most }: { readonly order: Order; readonly chosen: Chosen; readonly most: string }): ReactNode {
  return (
    <>
      {chosen.payments.length > 1 && (
        <ChoiceField
          label="Payment"
          choices={chosen.payments.map(payment => ({
            value: payment.id,
            label: `${words(payment.gateway)}, ${money(payment.amount, order.currency)}`,
          }))}
          value={chosen.payment?.id}
          onChange={event => chosen.set_payment(event.target.value)}
        />
      )}
      <TextField
        label={`Amount in ${order.currency}`}
        inputMode="decimal"
        autoComplete="off"
        value={chosen.text}
        hint={`${most}: ${money(chosen.most, order.currency)}`}
        wrong={chosen.amount === null ? `Type an amount up to ${money(chosen.most, order.currency)}` : undefined}
        onChange={event => chosen.set_text(event.target.value)}
      />
    </>
  );
}
