/** Cancelling all of an order, or some units of it. */
import { type ReactNode, useEffect, useState } from 'react';
import { ApiError } from '../../api.ts';
import { Confirm } from '../../components/Dialog.tsx';
import { TextField } from '../../components/Field.tsx';
import { useAction } from '../../queries.ts';
import type { Order } from '../../types/orders.ts';
import { type DeedProps, stale_after } from './Actions.tsx';
import { cancellable } from './Lines.tsx';
import { all_units, PickUnits, picked, type Units } from './Units.tsx';

interface CancelBody {
  readonly reason: string;
  readonly lines?: ReturnType<typeof picked>;
}

export function Cancel({ order, open, close }: DeedProps): ReactNode {
  const [reason, set_reason] = useState('');
  const [units, set_units] = useState<Units>({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: begun anew when it opens, not when the order moves meanwhile
  useEffect(() => {
    if (open) set_units(all_units(order.lines, cancellable));
  }, [open]);
  const cancel = useAction<CancelBody, Order>({
    path: () => `/v1/orders/${order.id}/cancel`,
    invalidates: stale_after,
    done: after => (after.status === 'cancelled' ? `Order #${order.number} is cancelled` : `Cancellation of #${order.number} is under way`),
  });
  const is_all = order.lines.every(line => (units[line.id] ?? 0) >= line.quantity - line.quantity_cancelled);
  const run = () => cancel.run({ reason: reason.trim(), ...(is_all ? {} : { lines: picked(units) }) }).catch(with_what_left);
  return (
    <Confirm
      open={open}
      close={close}
      title={`Cancel order #${order.number}?`}
      why="Its stock is freed, and money that was taken for these units is given back. What a carrier already has cannot be cancelled."
      deed={is_all ? 'Cancel order' : 'Cancel these units'}
      danger
      wide
      ready={reason.trim() !== '' && picked(units).length > 0}
      run={run}
    >
      <PickUnits label="Units to cancel" lines={order.lines} max_of={cancellable} units={units} set={set_units} />
      <TextField label="Reason" required maxLength={500} value={reason} onChange={event => set_reason(event.target.value)} />
    </Confirm>
  );
}

/** The API names what was already dispatched: that belongs into the sentence. */
function with_what_left(error: unknown): never {
  const { code, detail, more } = error instanceof ApiError ? error.problem : { code: '', detail: '', more: {} };
  const { dispatched } = more as { dispatched?: readonly { line_id: string; quantity: number }[] }; // docs/rejections.md: not_cancellable
  if (!(error instanceof ApiError) || code !== 'not_cancellable' || dispatched === undefined || dispatched.length === 0) throw error;
  const lines = dispatched.map(line => `${line.quantity} of line ${line.line_id}`).join(', ');
  throw new ApiError({ ...error.problem, detail: `${detail} Already dispatched: ${lines}.` }, error);
}
