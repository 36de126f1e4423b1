/** What this supplier answers and sends, read by a foreign parser (node-x12), for each magic SKU and each policy. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type X12Interchange, X12Parser } from 'node-x12';
import { listener, until } from '../easypost/listener.ts';
import type { StandIn } from '../stand_in.ts';
import { type Segments, say } from './edi.ts';
import { type Policy, start_x12_supplier, type X12SupplierOptions } from './x12_supplier.ts';

const fast = { acknowledge_after_ms: 2, ship_after_ms: 2, invoice_after_ms: 2, ship_backorders_after_ms: 2 };
const secret = 'x12-secret';
const quiet_ms = 60;

interface Paper {
  readonly text: string;
  /** GS01. */
  readonly group: string;
  /** ST01. */
  readonly code: string;
  /** ISA13. */
  readonly control: string;
  /** Without envelopes, elements joined by `*`. */
  readonly segments: readonly string[];
}
/** Undefined: it is not well-formed, as the foreign parser has it. */
function read(text: string): Paper | undefined {
  let interchange: X12Interchange;
  try {
    interchange = new X12Parser(true).parse(text) as X12Interchange;
  } catch {
    return undefined;
  }
  const [group] = interchange.functionalGroups;
  const [set] = group?.transactions ?? [];
  const element = (of: { valueOf(place: number): string | null } | undefined, place: number) => of?.valueOf(place)?.trim() ?? '';
  return {
    text,
    group: element(group?.header, 1),
    code: element(set?.header, 1),
    control: element(interchange.header, 13),
    segments: (set?.segments ?? []).map(({ tag, elements }) => [tag, ...elements.map(({ value }) => value)].join('*')),
  };
}
const well_formed = (text: string): Paper => read(text) ?? assert.fail(`not well-formed: ${text}`);

async function open(t: TestContext, options: X12SupplierOptions = {}) {
  const { url, letters } = await listener(t);
  const sim = await start_x12_supplier({ ...fast, webhook: { url, secret }, ...options });
  t.after(() => sim.stop());
  const texts = () => letters.map(({ body }) => body.toString());
  return { sim, letters, texts, papers: () => texts().map(well_formed) };
}
const order = (number: number, sku: string, reference = 'PO-1', quantity = '21', functional = 'PO') => {
  const segments: Segments = [
    ['BEG', '00', 'NE', reference, '', '20260302'],
    ['CUR', 'BY', 'EUR'],
    ['PO1', '1', quantity, 'EA', '1.05', '', 'VN', sku, 'SK', 'OURS'],
    ['CTT', '1'],
  ];
  return say({ from: ['ZZ', 'SHOP'], to: ['ZZ', 'MILL'], number, at_ms: 1_772_450_000_000, functional, code: '850', segments });
};
async function post(sim: StandIn, text: string): Promise<string> {
  const answer = await fetch(`${sim.url}/x12`, { method: 'POST', body: text });
  assert.equal(answer.status, 200);
  return answer.text();
}
const starting = ({ segments }: Paper, ...tags: readonly string[]) =>
  segments.filter(segment => tags.includes(segment.split('*')[0] ?? ''));
const verdict = (receipt: string) => starting(well_formed(receipt), 'AK1', 'AK5', 'AK9');
const accepted = (sim: StandIn) => sim.ledger().filter(({ kind }) => kind === 'purchase_order_accepted');

test('an order is read (997), acknowledged (855), shipped (856) and billed (810); the ledger has its lines', async t => {
  const { sim, papers, letters } = await open(t);
  assert.deepEqual(verdict(await post(sim, order(7, 'A'))), ['AK1*PO*7', 'AK5*A', 'AK9*A*1*1*1']);
  await until(() => letters.length === 3);
  assert.deepEqual(
    papers().map(({ group, code }) => `${group} ${code}`),
    ['PR 855', 'SH 856', 'IN 810'],
  );
  for (const { headers } of letters) assert.equal(headers['authorization'], `Basic ${btoa(`x12_supplier:${secret}`)}`);
  const [entry] = accepted(sim);
  assert.deepEqual(
    [entry?.amount, entry?.currency, entry?.idempotency_key, entry?.['lines']],
    [2_205, 'EUR', '000000007', [{ line_no: 1, sku: 'OURS', supplier_sku: 'A', quantity: 21, cost: 105 }]],
  );
});

// What each magic SKU makes of 21 units at 1.05: the word and units of the 855, units of each 856, money of each 810.
for (const [sku, acks, shipped, billed] of [
  ['A-1', ['IA 21'], [21], [2205]],
  ['PART-1', ['BP 11', 'IB 10'], [11, 10], [1155, 1050]],
  ['BO-1', ['IB 21'], [21], [2205]],
  ['PRICE-1', ['IP 21'], [21], [2436]],
  ['OVER-1', ['IA 21'], [23], [2415]],
  ['DUP-1', ['IA 21'], [21, 21], [2205]],
  ['SUB-1', ['IS 21'], [], []],
  ['REJ-1', ['IR 0'], [], []],
] as const)
  test(`${sku}: ${acks.join(', ')}`, async t => {
    const { sim, papers, letters } = await open(t);
    await post(sim, order(1, sku));
    await until(() => letters.length === 1 + shipped.length + billed.length);
    await pause(quiet_ms);
    const units = (code: string, tag: string, place: number) =>
      papers()
        .filter(paper => paper.code === code)
        .flatMap(paper => starting(paper, tag).map(segment => Number(segment.split('*')[place])));
    const words = papers().flatMap(paper => starting(paper, 'ACK').map(segment => segment.split('*').slice(1, 3).join(' ')));
    assert.deepEqual([words, units('856', 'SN1', 2), units('810', 'TDS', 1)], [acks, shipped, billed]);
  });

for (const [name, sku, policies] of [
  ['MUTE-1', 'MUTE-1', []],
  ['silent', 'A', ['silent']],
] as const)
  test(`${name}: it has the order and never says a word`, async t => {
    const { sim, letters } = await open(t, { policies });
    assert.equal(await post(sim, order(1, sku)), '');
    await pause(quiet_ms);
    assert.deepEqual([accepted(sim).length, letters.length], [1, 0]);
  });

test('the same interchange again is the same order and the same answer; another under its number, or for its order, is refused', async t => {
  const { sim } = await open(t, { policies: ['late'] });
  const first = await post(sim, order(1, 'A'));
  assert.equal(await post(sim, order(1, 'A')), first);
  for (const other of [order(1, 'B'), order(2, 'A')])
    assert.deepEqual(verdict(await post(sim, other)).slice(1), ['AK5*R*5', 'AK9*R*1*1*0']);
  assert.equal(accepted(sim).length, 1);
});

test('what it cannot read it refuses: AK5*R for a set, 400 for what is no interchange', async t => {
  const { sim } = await open(t);
  assert.deepEqual(verdict(await post(sim, order(1, 'A', 'PO-1', '0'))), ['AK1*PO*1', 'AK5*R*5', 'AK9*R*1*1*0']);
  for (const text of ['no EDI', order(2, 'A').replace('SE|6', 'SE|7'), order(2, 'A').replace('IEA|1|000000002', 'IEA|1|000000003')])
    assert.equal((await fetch(`${sim.url}/x12`, { method: 'POST', body: text })).status, 400, text);
  assert.equal(accepted(sim).length, 0);
});

/** What was sent of one order, under a policy. */
async function sent(t: TestContext, policy: Policy, count: number) {
  const opened = await open(t, { policies: [policy] });
  const receipt = await post(opened.sim, order(1, 'A'));
  await until(() => opened.letters.length === count);
  await pause(quiet_ms);
  assert.equal(opened.letters.length, count);
  return { ...opened, receipt };
}
test('reject: a 997 with AK5*R, and nothing follows', async t => {
  const { sim, receipt } = await sent(t, 'reject', 0);
  assert.deepEqual(verdict(receipt), ['AK1*PO*1', 'AK5*R*5', 'AK9*R*1*1*0']);
  assert.equal(accepted(sim).length, 0);
});
test('duplicate: every interchange twice, to the byte', async t => {
  const { texts } = await sent(t, 'duplicate', 6);
  assert.equal(new Set(texts()).size, 3);
});
test('corrupt: before each a copy that a reader refuses, under a number of its own', async t => {
  const { texts } = await sent(t, 'corrupt', 6);
  const read_back = texts().map(read);
  assert.equal(read_back.filter(paper => paper !== undefined).length, 3);
  assert.equal(new Set(texts().map(text => /^ISA.*\|(\d{9})\|0\|T/.exec(text)?.[1])).size, 6);
});
test('wrong_group: sets stand in a group of orders, receipts in their own', async t => {
  const { papers, receipt } = await sent(t, 'wrong_group', 3);
  assert.deepEqual(
    papers().map(({ group, code }) => `${group} ${code}`),
    ['PO 855', 'PO 856', 'PO 810'],
  );
  assert.equal(well_formed(receipt).group, 'FA');
});
test('notice_first: the goods are announced before the order is acknowledged', async t => {
  const { papers } = await sent(t, 'notice_first', 3);
  assert.equal(papers()[0]?.code, '856');
});

test('our receipts stand in its ledger, and are not answered', async t => {
  const { sim } = await open(t);
  const segments = [
    ['AK1', 'PR', '12'],
    ['AK9', 'R', '1', '1', '0'],
  ];
  const receipt = say({ from: ['ZZ', 'SHOP'], to: ['ZZ', 'MILL'], number: 9, at_ms: 0, functional: 'FA', code: '997', segments });
  assert.equal(await post(sim, receipt), '');
  assert.deepEqual(
    sim.ledger().map(entry => [entry.kind, entry['group'], entry['verdict']]),
    [['receipt_heard', '12', 'R']],
  );
});
