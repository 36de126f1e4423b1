/** A person is forgotten (domain.md 4, reliability.md 6.7): said in the log, keys destroyed, rows cleared, in one decision; or not yet, while an order needs the person. */
import type { ErasePersonalData } from '../commands.ts';
import { erasure_id } from '../model.ts';
import { reject } from '../rejections.ts';
import { nothing, type OrdersFact, type OrdersHandler, type OrdersRef } from './draft.ts';

/** An event stays small, however much somebody bought. */
export const orders_per_event_max = 1_000;
const waits_shown_max = 20;

export const erase_personal_data: OrdersHandler<ErasePersonalData> = {
  // The customer's row first: whoever places an order for him waits for it, or is waited for.
  touches({ subject, customer }) {
    const refs: OrdersRef[] = [
      { kind: 'person', id: subject },
      { kind: 'erasure', id: erasure_id(subject) },
    ];
    return customer === null ? refs : [{ kind: 'customer', id: customer }, ...refs];
  },
  decide({ subject, customer }, view, given) {
    if (view('erasure', erasure_id(subject)).erased_at !== null) return nothing;
    if (customer !== null && view('customer', customer).customer_ref !== subject) return reject('not_found', 'There is no such customer.');
    const { order_ids, waits } = view('person', subject);
    const [first] = waits;
    if (first !== undefined) {
      return reject('erasure_deferred', 'An order still needs this person. Nothing was erased; ask again when it is settled.', {
        reason: first.reason,
        orders: waits.slice(0, waits_shown_max).map(({ order_id, reason }) => ({ id: order_id, reason })),
      });
    }
    const customer_ref = customer === null ? null : subject;
    const parts = Array.from({ length: Math.max(1, Math.ceil(order_ids.length / orders_per_event_max)) }, (_, part) =>
      order_ids.slice(part * orders_per_event_max, (part + 1) * orders_per_event_max),
    );
    return {
      facts: parts.map(
        (part): OrdersFact => ({
          event: { type: 'personal_data.erased', data: { subject, customer_ref, order_ids: part, erased_at: given.at } },
          key: subject,
          subject: { kind: 'erasure', id: erasure_id(subject) },
        }),
      ),
      records: [
        { table: 'erased_person', row: { subject, order_ids } },
        // Who knows an order and not its customer seals with the order's key.
        ...[...new Set([subject, ...order_ids])].map(key => ({ table: 'destroyed_key', row: { subject: key } })),
      ],
    };
  },
};
