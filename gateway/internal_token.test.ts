import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal } from '../platform/route.ts';
import { type Call, type Claims, read_call, sign_call, token_life_max_ms, token_life_ms } from './internal_token.ts';

const secret = 'a secret of the gateway and its services';
const now_ms = Date.UTC(2026, 0, 2);
const call: Call = { method: 'POST', url: '/v1/orders/ord_1/cancel?x=1' };
const principal: Principal = { type: 'order', id: 'order:ord_1', scopes: new Set(['orders:read']), order_id: 'ord_1' };
const claims: Claims = { audience: 'orders', principal, request_id: 'req_1' };
const token = sign_call(secret, call, claims, now_ms);
const [payload = '', mac = ''] = token.split('.');
const read = (text: string, more: { call?: Partial<Call>; secrets?: readonly string[]; at_ms?: number } = {}) =>
  read_call(more.secrets ?? [secret], { ...call, ...more.call }, text, more.at_ms ?? now_ms);

describe('the internal token', () => {
  it('gives back who asks, for whom, and which request it is', () => {
    assert.deepEqual(read(token), claims);
    const key: Principal = { type: 'sk', id: 'key_1', scopes: new Set() };
    const other = { ...claims, principal: key };
    assert.deepEqual(read(sign_call(secret, call, other, now_ms)), other);
  });

  it('lives half a minute, and never longer than a minute whatever the clocks say', () => {
    assert.ok(token_life_ms <= token_life_max_ms && token_life_max_ms <= 60_000);
    assert.deepEqual(read(token, { at_ms: now_ms + token_life_ms - 1 }), claims);
    assert.equal(read(token, { at_ms: now_ms + token_life_ms }), undefined);
    assert.deepEqual(read(token, { at_ms: now_ms - 29_000 }), claims, 'a clock that is half a minute behind');
    assert.equal(read(token, { at_ms: now_ms - 31_000 }), undefined);
  });

  it('is good for one call', () => {
    assert.equal(read(token, { call: { method: 'GET' } }), undefined);
    assert.equal(read(token, { call: { url: '/v1/orders/ord_2/cancel?x=1' } }), undefined);
    assert.equal(read(token, { call: { url: '/v1/orders/ord_1/cancel' } }), undefined);
  });

  it('may be of a secret that is on its way out', () => {
    assert.deepEqual(read(token, { secrets: ['the next secret of all of them', secret] }), claims);
    assert.equal(read(token, { secrets: ['the next secret of all of them'] }), undefined);
    assert.equal(read(token, { secrets: [] }), undefined);
  });

  it('72: altered anywhere, cut, doubled or of another form is none', () => {
    const alter = (text: string, at: number) => `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    for (let at = 0; at < token.length; at++) assert.equal(read(alter(token, at)), undefined, `character ${at}`);
    const admin = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('orders:read', 'admin')).toString('base64url');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const others = [
      '',
      '.',
      payload,
      `${payload}.`,
      `.${mac}`,
      `${token}.`,
      `${token}=`,
      ` ${token}`,
      `${admin}.${mac}`,
      `${none}.${payload}.`,
    ];
    for (const text of [...others, `${none}.${payload}.${mac}`, 'x'.repeat(100_000)])
      assert.equal(read(text), undefined, text.slice(0, 80));
  });
});
