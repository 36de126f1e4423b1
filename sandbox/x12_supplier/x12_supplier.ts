/**
 * A supplier's stand-in that speaks X12 004010: it takes purchase orders (850) by POST /x12 or from a folder, says that it could read them (997), and
 * acknowledges (855), ships (856) and bills (810) them within seconds. What we answer it with (997) stands in its ledger, too:
 * `purchase_order_accepted`, `purchase_order_shipped`, `receipt_heard`.
 *
 *   POST /x12             an interchange; the same number again is the same order, and the same answer
 *   POST /clerk/policies  { policies: […] }: from now on
 *   POST /clerk/x12       what a person there would send: the body goes out as it is
 *
 * Magic SKUs as those of the `rest` supplier. With `folder`, `{folder}/out` is looked into and answers appear in `{folder}/in`.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { is_record } from '../faults.ts';
import type { SimValue } from '../memory.ts';
import type { Collection, Sim } from '../stand_in.ts';
import {
  json_reply,
  parse_json,
  type StandIn,
  type StandInReply,
  type StandInRequest,
  start_stand_in,
  type Webhook,
  type WebhookTarget,
} from '../stand_in.ts';
import { backordered_shipment, first_shipment, has_magic, price_of, transit_ms } from '../supplier/documents.ts';
import { type Heard, hear, type Segments, say } from './edi.ts';
import { acknowledgment, invoice, order_in, receipt, ship_notice, type X12Order } from './papers.ts';

export const policies = ['silent', 'late', 'notice_first', 'duplicate', 'corrupt', 'wrong_group', 'reject'] as const;
export type Policy = (typeof policies)[number];

export interface X12SupplierOptions {
  readonly port?: number;
  /** Of POST /x12; absent: anybody may. */
  readonly password?: string;
  readonly policies?: readonly Policy[];
  readonly acknowledge_after_ms?: number;
  /** Policy `late`. */
  readonly late_ms?: number;
  readonly ship_after_ms?: number;
  readonly invoice_after_ms?: number;
  /** Absent: never. */
  readonly ship_backorders_after_ms?: number;
  readonly lead_ms?: number;
  readonly folder?: string;
  readonly poll_ms?: number;
  readonly webhook?: WebhookTarget;
  readonly ledger_file?: string;
  readonly seed?: number;
  now_ms?(): number;
}

interface Supplier {
  readonly sim: Sim;
  readonly options: X12SupplierOptions;
  readonly orders: Collection<X12Order>;
  /** What was answered, and to what, by sender and ISA13. */
  readonly answers: Collection<{ readonly text: string; readonly answer: string }>;
  /** The last number to each partner. */
  readonly numbers: Collection<number>;
  policies: readonly Policy[];
}
const cause = { method: 'POST', path: '/x12' };
const limits = { size_max: 100_000, when_full: 'refuse' } as const;

export function start_x12_supplier(options: X12SupplierOptions = {}): Promise<StandIn> {
  let polling: NodeJS.Timeout | undefined;
  const { port, webhook, ledger_file, seed, now_ms } = options;
  let supplier: Supplier | undefined;
  return start_stand_in({
    name: 'x12_supplier',
    ...{ port, webhook, ledger_file, seed },
    ...(now_ms && { now_ms }),
    webhook_content_type: 'application/edi-x12',
    sign: ({ secret }) => ({ authorization: `Basic ${Buffer.from(`x12_supplier:${secret}`).toString('base64')}` }),
    webhook_reply: text => supplier && hear_answer(supplier, text),
    open(sim) {
      const opened: Supplier = {
        sim,
        options,
        orders: sim.collection('orders', limits),
        answers: sim.collection('answers', limits),
        numbers: sim.collection('numbers', limits),
        policies: options.policies ?? [],
      };
      supplier = opened;
      if (options.folder !== undefined) polling = poll(opened, options.folder);
      return {
        routes: [
          { method: 'POST', path: '/x12', handle: request => take_post(opened, request) },
          {
            method: 'GET',
            path: '/x12',
            handle: request => (is_let_in(opened, request) ? { status: 405, body: '' } : { status: 401, body: '' }),
          },
          { method: 'POST', path: '/clerk/policies', handle: request => set_policies(opened, request) },
          {
            method: 'POST',
            path: '/clerk/x12',
            handle: request => ({ ...json_reply(202, {}), webhooks: send(opened, 'by_hand', request.body.toString()) }),
          },
        ],
        resume: () => {
          for (const order of opened.orders.values()) arm(opened, order);
        },
      };
    },
  }).then(stand_in => ({
    ...stand_in,
    stop: () => {
      clearInterval(polling);
      return stand_in.stop();
    },
  }));
}

function set_policies(supplier: Supplier, request: StandInRequest): StandInReply {
  const body = parse_json(request.body);
  const told = is_record(body) && Array.isArray(body['policies']) ? body['policies'] : [];
  supplier.policies = policies.filter(policy => told.includes(policy));
  return json_reply(200, { policies: supplier.policies });
}

// --- orders

function take_post(supplier: Supplier, request: StandInRequest): StandInReply {
  if (!is_let_in(supplier, request)) return { status: 401, body: '' };
  const answer = take(supplier, request.body.toString('utf8'));
  return answer === undefined
    ? { status: 400, body: 'no interchange' }
    : { status: 200, headers: { 'content-type': 'application/edi-x12' }, body: answer };
}

function is_let_in({ options: { password } }: Supplier, { headers }: StandInRequest): boolean {
  const [, encoded = ''] = /^Basic (\S+)$/.exec(headers.authorization ?? '') ?? [];
  return password === undefined || Buffer.from(encoded, 'base64').toString().split(':')[1] === password;
}

/** The 997 in answer, empty when none is given. Undefined: it is no interchange. */
function take(supplier: Supplier, text: string): string | undefined {
  const heard = hear(text);
  if (heard === undefined) return undefined;
  const { sim, answers } = supplier;
  // Numbers run per pair of partners: this stand-in is all suppliers that are written to.
  const name = `${heard.sender.join(':')} ${heard.receiver.join(':')} ${heard.control}`;
  const known = answers.get(name);
  if (known !== undefined) return known.text === text ? known.answer : write(supplier, heard, 'FA', '997', receipt(heard, false));
  const [set] = heard.sets;
  if (heard.functional === 'FA' || set === undefined) {
    hear_answer(supplier, text);
    return '';
  }
  const order = set.code === '850' ? order_in(set.segments) : 'ST01';
  const rejected = typeof order === 'string' || supplier.policies.includes('reject') || supplier.orders.get(order.reference) !== undefined;
  const mute = typeof order !== 'string' && (supplier.policies.includes('silent') || order.lines.some(line => has_magic(line, 'MUTE')));
  const answer = mute ? '' : write(supplier, heard, 'FA', '997', receipt(heard, !rejected));
  answers.put(name, { text, answer });
  if (rejected) return answer;
  const { sender: to, receiver: from, control } = heard;
  const kept: X12Order = {
    ...order,
    ...{ from, to, control, supplier_reference: sim.id('SO'), state: 'received', backorders_shipped: false, to_invoice: [] },
  };
  supplier.orders.put(kept.reference, kept);
  record(
    supplier,
    'purchase_order_accepted',
    kept,
    kept.lines.reduce((sum, { quantity, cost }) => sum + quantity * cost, 0),
    { lines: kept.lines.map(({ line_no, sku, supplier_sku, quantity, cost }) => ({ line_no, sku, supplier_sku, quantity, cost })) },
  );
  if (!mute) arm(supplier, kept);
  return answer;
}

function record(supplier: Supplier, kind: string, order: X12Order, amount: number, more: Readonly<Record<string, SimValue>> = {}): void {
  const { supplier_reference: id, reference, currency, control: idempotency_key } = order;
  supplier.sim.record({ kind, id, reference, amount, currency, idempotency_key, ...more });
}

function hear_answer(supplier: Supplier, text: string): void {
  const heard = hear(text);
  if (heard === undefined || heard.functional !== 'FA') return;
  for (const { segments } of heard.sets) {
    const [, , group = ''] = segments.find(([id]) => id === 'AK1') ?? [];
    const [, verdict = ''] = segments.find(([id]) => id === 'AK9') ?? [];
    supplier.sim.record({ kind: 'receipt_heard', id: `${group} ${verdict}`, reference: null, verdict, group });
  }
}

// --- what follows

type Step = (supplier: Supplier, order: X12Order) => readonly Webhook[];

function arm(supplier: Supplier, order: X12Order): void {
  const { sim, options } = supplier;
  const later = (milliseconds: number, step: Step) =>
    sim.after(milliseconds, cause, () => {
      const now = supplier.orders.get(order.reference);
      return now === undefined || now.state !== order.state ? [] : step(supplier, now);
    });
  const late = supplier.policies.includes('late') ? (options.late_ms ?? 60_000) : 0;
  const ships_first = first_shipment(order.lines).length > 0;
  if (order.state === 'received') later((options.acknowledge_after_ms ?? 500) + late, acknowledge_order);
  if (order.state === 'acknowledged' && ships_first)
    later(options.ship_after_ms ?? 1_000, (one, now) => ship(one, now, first_shipment(now.lines)));
  if (order.state === 'shipped') later(options.invoice_after_ms ?? 500, bill);
  const left = order.state === 'invoiced' || (order.state === 'acknowledged' && !ships_first);
  if (left && !order.backorders_shipped && backordered_shipment(order.lines).length > 0 && options.ship_backorders_after_ms !== undefined)
    later(options.ship_backorders_after_ms, (one, now) => ship(one, { ...now, backorders_shipped: true }, backordered_shipment(now.lines)));
}

function keep(supplier: Supplier, order: X12Order): void {
  supplier.orders.put(order.reference, order);
  arm(supplier, order);
}

function acknowledge_order(supplier: Supplier, order: X12Order): readonly Webhook[] {
  const { sim, options } = supplier;
  const paper = write(supplier, back(order), 'PR', '855', acknowledgment(order, sim.now_ms(), options.lead_ms ?? 2 * 86_400_000));
  const next: X12Order = { ...order, state: 'acknowledged' };
  if (supplier.policies.includes('notice_first') && first_shipment(order.lines).length > 0)
    return [...ship(supplier, next, first_shipment(order.lines)), ...send(supplier, '855', paper)];
  keep(supplier, next);
  return send(supplier, '855', paper);
}

function ship(supplier: Supplier, order: X12Order, lines: ReturnType<typeof first_shipment>): readonly Webhook[] {
  const { sim } = supplier;
  const named = { notice: sim.id('SN'), tracking: sim.id('TRK') };
  const paper = write(supplier, back(order), 'SH', '856', ship_notice(order, lines, named, sim.now_ms(), sim.now_ms() + transit_ms));
  const value = lines.reduce((sum, { line_no, quantity }) => {
    const line = order.lines.find(one => one.line_no === line_no);
    return line === undefined ? sum : sum + quantity * price_of(line);
  }, 0);
  record(supplier, 'purchase_order_shipped', order, value);
  keep(supplier, { ...order, state: 'shipped', to_invoice: lines });
  const again = order.lines.some(line => has_magic(line, 'DUP'));
  return again ? [...send(supplier, '856', paper), ...send(supplier, '856', paper)] : send(supplier, '856', paper);
}

function bill(supplier: Supplier, order: X12Order): readonly Webhook[] {
  const paper = write(supplier, back(order), 'IN', '810', invoice(order, supplier.sim.id('INV').slice(0, 20), supplier.sim.now_ms()));
  keep(supplier, { ...order, state: 'invoiced', to_invoice: [] });
  return send(supplier, '810', paper);
}

/** Answers go the other way. */
function back({ from, to }: X12Order): Pick<Heard, 'sender' | 'receiver'> {
  return { sender: to, receiver: from };
}

function write(
  supplier: Supplier,
  { sender, receiver }: Pick<Heard, 'sender' | 'receiver'>,
  functional: string,
  code: string,
  segments: Segments,
): string {
  const { sim, numbers } = supplier;
  const partner = sender.join(':');
  const number = (numbers.get(partner) ?? 0) + 1;
  numbers.put(partner, number);
  const group = supplier.policies.includes('wrong_group') && code !== '997' ? 'PO' : functional;
  return say({ from: receiver, to: sender, number, at_ms: sim.now_ms(), functional: group, code, segments });
}

/** By webhook, or as a file. Policy `corrupt`: first a copy that has lost its end, under the same number, as a broken line leaves one. */
function send(supplier: Supplier, type: string, paper: string): readonly Webhook[] {
  const corrupt = supplier.policies.includes('corrupt')
    ? [
        paper
          .replace(/SE\|(\d+)/, (_, count: string) => `SE|${Number(count) + 1}`)
          .replace(/(0{3,}\d+)/g, number => String(Number(number) + 500_000).padStart(number.length, '0')),
      ]
    : [];
  const copies = [...corrupt, paper, ...(supplier.policies.includes('duplicate') ? [paper] : [])];
  const { folder } = supplier.options;
  if (folder === undefined) return copies.map(body => ({ id: supplier.sim.id('X'), type, body }));
  for (const body of copies) {
    const name = `${supplier.sim.id(`${type}-`)}.edi`;
    writeFileSync(join(folder, 'in', `.${name}`), body);
    renameSync(join(folder, 'in', `.${name}`), join(folder, 'in', name));
  }
  return [];
}

/** As a gateway does: what lies in `out` goes to the supplier, its 997 comes back into `in`. */
function poll(supplier: Supplier, folder: string): NodeJS.Timeout {
  for (const name of ['in', 'out']) mkdirSync(join(folder, name), { recursive: true });
  const timer = setInterval(() => {
    for (const name of readdirSync(join(folder, 'out'))) {
      if (name.startsWith('.')) continue;
      const answer = take(supplier, readFileSync(join(folder, 'out', name), 'utf8'));
      rmSync(join(folder, 'out', name));
      if (answer !== undefined && answer !== '') send(supplier, '997', answer);
    }
  }, supplier.options.poll_ms ?? 500);
  timer.unref();
  return timer;
}
