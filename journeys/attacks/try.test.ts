import { describe, it } from 'node:test';
import { open_house } from './house.ts';
import { refuses } from './target.ts';
const t0 = performance.now();
const house = await open_house();
console.log(performance.now() - t0);
const delivered = await house.delivered();
const dispatched = await house.dispatched();
const confirmed = await house.confirmed();
const unpaid = await house.unpaid();
const cancelled = await house.cancelled();
await house.target.calm();
console.log(performance.now() - t0);
const t1 = performance.now();
await house.target.changes();
await house.target.changes();
await house.target.changes();
console.log((performance.now() - t1)/3);
console.log(JSON.stringify(confirmed, null, 1));
describe('numbers', () => {
  refuses(house.target, [
    [25, 'quantity 0', 'POST /v1/orders', { currency: 'GBP', lines: [{ sku: 'LAMP', quantity: 0 }] }, '422 quantity_out_of_range'],
    [31, 'more', `POST /v1/orders/${delivered.id}/returns`, { lines: [{ line_id: '1', quantity: 3, reason: 'x' }] }, '409 return_exceeds_delivered'],
    [49, 'more', `POST /v1/orders/${dispatched.id}/cancel`, { reason: 'x' }, '409 not_cancellable'],
  ]);
});
