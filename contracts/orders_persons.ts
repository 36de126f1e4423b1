/** What orders says of persons: that one was forgotten (reliability.md 6.7). */
import Type from 'typebox';
import { At, type EventOf, event, Id, optional } from './envelope.ts';
import { ids } from './examples.ts';

export type PersonalDataErased = EventOf<typeof personal_data_erased>;
export const personal_data_erased = event({
  type: 'personal_data.erased',
  service: 'orders',
  key: 'subject',
  heard_by: ['payments', 'shipping'],
  description: 'A person is forgotten: the keys are destroyed, and whoever keeps personal fields of these orders clears them.',
  data: Type.Object({
    subject: Id(), // the customer_ref, or the order of a guest
    customer_ref: optional(Id()),
    order_ids: Type.Array(Id()), // at most 1,000 an event; several events say the rest
    erased_at: At(),
  }),
  example: {
    subject: ids.customer,
    customer_ref: ids.customer,
    order_ids: [ids.order],
    erased_at: '2026-07-01T10:00:00.000Z',
  },
});

export const orders_persons_contracts = { 'personal_data.erased': personal_data_erased };
