/** How far an order is, in five steps. */
import type { Order } from '../api_types.ts';

const steps = ['Ordered', 'Paid', 'Packed', 'On its way', 'Delivered'] as const;

export function Steps({ order }: { order: Pick<Order, 'status' | 'fulfillment_status' | 'shipments'> }) {
  const reached = steps_reached(order);
  return (
    <ol class="steps">
      {steps.map((step, index) => (
        <li key={step} class={index < reached ? 'done' : ''} aria-current={index === reached ? 'step' : undefined}>
          {step}
          <span class="unseen">{index < reached ? ', done' : index === reached ? ', next' : ', to come'}</span>
        </li>
      ))}
    </ol>
  );
}

function steps_reached({ status, fulfillment_status, shipments }: Pick<Order, 'status' | 'fulfillment_status' | 'shipments'>): number {
  if (status === 'completed' || fulfillment_status === 'delivered') return 5;
  if (['shipped', 'partially_shipped', 'partially_delivered'].includes(fulfillment_status)) return 4;
  if (status !== 'confirmed' && status !== 'in_fulfillment') return 1;
  return shipments.some(shipment => shipment.status === 'labeled') ? 3 : 2;
}
