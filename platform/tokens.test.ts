import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { order_of_order_token, order_of_track_token, order_token, track_token } from './tokens.ts';

const secret = 'a secret';
const order = 'ord_01hzx3v5qjf0k8m2n4p6r8t0v2';

describe('tokens of an order', () => {
  it('are the same each time, and name their order', () => {
    const token = order_token(secret, order);
    assert.match(token, /^ot_01hzx3v5qjf0k8m2n4p6r8t0v2_[\w-]{43}$/);
    assert.equal(order_token(secret, order), token);
    assert.equal(order_of_order_token(secret, token), order);
    assert.equal(order_of_track_token(secret, track_token(secret, order)), order);
  });

  it('are not each other, not another order’s, not another server’s', () => {
    const token = order_token(secret, order);
    const others = [
      track_token(secret, order),
      order_token('another secret', order),
      token.replace('01hz', '01hy'),
      token.slice(0, -1),
      `${token}A`,
      token.toUpperCase(),
      `tt${track_token(secret, order).slice(2)}`,
      '',
      'ot_',
      'ot__',
    ];
    for (const other of others) assert.equal(order_of_order_token(secret, other), undefined, other);
    assert.equal(order_of_track_token(secret, token), undefined);
  });

  it('are made for orders only', () => assert.throws(() => order_token(secret, 'pay_1')));
});
