/**
 * A supplier's stand-in that speaks Peppol BIS 3, without the network around it: it takes orders (T01) by POST /peppol, and answers them by order responses
 * (T76) and despatch advices (T16) within seconds. Its ledger: `purchase_order_accepted`, `purchase_order_shipped`.
 *
 *   POST /peppol          a document; the same order again is taken, and is the same order; another under its id is refused
 *   POST /clerk/policies  { policies: […] }: from now on
 *   POST /clerk/peppol    what a person there would send: the body goes out as it is
 *
 * Magic SKUs as those of the `rest` supplier. Bills are another BIS: it sends none.
 */
import { is_record } from '../faults.ts';
import {
  type Collection,
  json_reply,
  parse_json,
  type Sim,
  type StandIn,
  type StandInReply,
  type StandInRequest,
  start_stand_in,
  type Webhook,
  type WebhookTarget,
} from '../stand_in.ts';
import { backordered_shipment, first_shipment, has_magic, price_of, type ShippedLine, transit_ms } from '../supplier/documents.ts';
import { despatch_advice, order_in, order_response, type PeppolOrder } from './ubl.ts';

/** `received_first`: AB before the answer. `corrupt`: first a copy that is cut. `foreign`: first a document that is none of ours. */
export const policies = ['silent', 'late', 'received_first', 'notice_first', 'duplicate', 'corrupt', 'foreign'] as const;
export type Policy = (typeof policies)[number];

export interface PeppolSupplierOptions {
  readonly port?: number;
  /** Of POST /peppol; absent: anybody may. */
  readonly password?: string;
  readonly policies?: readonly Policy[];
  readonly acknowledge_after_ms?: number;
  /** Policy `late`. */
  readonly late_ms?: number;
  readonly ship_after_ms?: number;
  /** Absent: never. */
  readonly ship_backorders_after_ms?: number;
  readonly lead_ms?: number;
  readonly webhook?: WebhookTarget;
  readonly ledger_file?: string;
  readonly seed?: number;
  now_ms?(): number;
}

interface Supplier {
  readonly sim: Sim;
  readonly options: PeppolSupplierOptions;
  readonly orders: Collection<PeppolOrder>;
  policies: readonly Policy[];
}
const cause = { method: 'POST', path: '/peppol' };
const limits = { size_max: 100_000, when_full: 'refuse' } as const;
const lead_default_ms = 2 * 86_400_000;

export function start_peppol_supplier(options: PeppolSupplierOptions = {}): Promise<StandIn> {
  const { port, webhook, ledger_file, seed, now_ms } = options;
  return start_stand_in({
    name: 'peppol_supplier',
    ...{ port, webhook, ledger_file, seed },
    ...(now_ms && { now_ms }),
    webhook_content_type: 'application/xml',
    sign: ({ secret }) => ({ authorization: `Basic ${Buffer.from(`peppol_supplier:${secret}`).toString('base64')}` }),
    open(sim) {
      const supplier: Supplier = { sim, options, orders: sim.collection('orders', limits), policies: options.policies ?? [] };
      return {
        routes: [
          { method: 'POST', path: '/peppol', handle: request => take(supplier, request) },
          { method: 'POST', path: '/clerk/policies', handle: request => set_policies(supplier, request) },
          {
            method: 'POST',
            path: '/clerk/peppol',
            handle: request => ({ ...json_reply(202, {}), webhooks: [webhook_of(supplier, 'by_hand', request.body.toString())] }),
          },
        ],
        resume: () => {
          for (const order of supplier.orders.values()) arm(supplier, order);
        },
      };
    },
  });
}

function set_policies(supplier: Supplier, request: StandInRequest): StandInReply {
  const body = parse_json(request.body);
  const told = is_record(body) && Array.isArray(body['policies']) ? body['policies'] : [];
  supplier.policies = policies.filter(policy => told.includes(policy));
  return json_reply(200, { policies: supplier.policies });
}

function take(supplier: Supplier, request: StandInRequest): StandInReply {
  const { password } = supplier.options;
  const [, encoded = ''] = /^Basic (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (password !== undefined && Buffer.from(encoded, 'base64').toString().split(':')[1] !== password) return { status: 401, body: '' };
  const text = request.body.toString('utf8');
  const read = order_in(text);
  if (typeof read === 'string') return json_reply(400, { wrong: read });
  const known = supplier.orders.get(read.reference);
  if (known !== undefined) return known.text === text ? json_reply(202, {}) : json_reply(409, { wrong: 'another order has this id' });
  const supplier_reference = supplier.sim.id('SO');
  const order: PeppolOrder = { ...read, text, supplier_reference, state: 'received', backorders_shipped: false };
  supplier.orders.put(order.reference, order);
  record(
    supplier,
    'purchase_order_accepted',
    order,
    value_of(
      order.lines.map(({ line_no, quantity }) => ({ line_no, quantity })),
      order,
      'asked',
    ),
  );
  const mute = supplier.policies.includes('silent') || order.lines.some(line => has_magic(line, 'MUTE'));
  if (!mute) arm(supplier, order);
  return json_reply(202, {});
}

function value_of(lines: readonly ShippedLine[], order: PeppolOrder, at: 'asked' | 'charged'): number {
  return lines.reduce((sum, { line_no, quantity }) => {
    const line = order.lines.find(one => one.line_no === line_no);
    return line === undefined ? sum : sum + quantity * (at === 'asked' ? line.cost : price_of(line));
  }, 0);
}
function record(supplier: Supplier, kind: string, order: PeppolOrder, amount: number): void {
  const { supplier_reference: id, reference, currency } = order;
  supplier.sim.record({ kind, id, reference, amount, currency, idempotency_key: reference });
}

// --- what follows

type Step = (supplier: Supplier, order: PeppolOrder) => readonly Webhook[];

function arm(supplier: Supplier, order: PeppolOrder): void {
  const { sim, options } = supplier;
  const later = (milliseconds: number, step: Step) =>
    sim.after(milliseconds, cause, () => {
      const now = supplier.orders.get(order.reference);
      return now === undefined || now.state !== order.state ? [] : step(supplier, now);
    });
  const late = supplier.policies.includes('late') ? (options.late_ms ?? 60_000) : 0;
  const ships_first = first_shipment(order.lines).length > 0;
  if (order.state === 'received') later((options.acknowledge_after_ms ?? 500) + late, answer);
  if (order.state === 'acknowledged' && ships_first)
    later(options.ship_after_ms ?? 1_000, (one, now) => ship(one, now, first_shipment(now.lines)));
  const left = order.state === 'shipped' || (order.state === 'acknowledged' && !ships_first);
  if (left && !order.backorders_shipped && backordered_shipment(order.lines).length > 0 && options.ship_backorders_after_ms !== undefined)
    later(options.ship_backorders_after_ms, (one, now) => ship(one, { ...now, backorders_shipped: true }, backordered_shipment(now.lines)));
}

function keep(supplier: Supplier, order: PeppolOrder): void {
  supplier.orders.put(order.reference, order);
  arm(supplier, order);
}

function answer(supplier: Supplier, order: PeppolOrder): readonly Webhook[] {
  const { sim, options } = supplier;
  const paper = (how: 'received' | 'decided') => order_response(order, sim.id('OR'), sim.now_ms(), options.lead_ms ?? lead_default_ms, how);
  const received = supplier.policies.includes('received_first') ? send(supplier, 'order_response', paper('received')) : [];
  const decided = paper('decided');
  const next: PeppolOrder = { ...order, state: 'acknowledged' };
  const ships_first = first_shipment(order.lines);
  if (supplier.policies.includes('notice_first') && ships_first.length > 0)
    return [...received, ...ship(supplier, next, ships_first), ...send(supplier, 'order_response', decided)];
  keep(supplier, next);
  return [...received, ...send(supplier, 'order_response', decided)];
}

function ship(supplier: Supplier, order: PeppolOrder, lines: readonly ShippedLine[]): readonly Webhook[] {
  const { sim } = supplier;
  const named = { notice: sim.id('DA'), tracking: sim.id('TRK') };
  const paper = despatch_advice(order, lines, named, sim.now_ms(), sim.now_ms() + transit_ms);
  record(supplier, 'purchase_order_shipped', order, value_of(lines, order, 'charged'));
  keep(supplier, { ...order, state: 'shipped' });
  const again = order.lines.some(line => has_magic(line, 'DUP'));
  return again
    ? [...send(supplier, 'despatch_advice', paper), ...send(supplier, 'despatch_advice', paper)]
    : send(supplier, 'despatch_advice', paper);
}

function send(supplier: Supplier, type: string, paper: string): readonly Webhook[] {
  const before = [
    ...(supplier.policies.includes('corrupt') ? [paper.replace(/<cac:OrderReference>.*<\/cac:OrderReference>/, '')] : []),
    ...(supplier.policies.includes('foreign') ? [paper.replace(/poacc:trns:\w+:3/, 'poacc:trns:catalogue:3')] : []),
  ];
  const copies = [...before, paper, ...(supplier.policies.includes('duplicate') ? [paper] : [])];
  return copies.map(body => webhook_of(supplier, type, body));
}
function webhook_of(supplier: Supplier, type: string, body: string): Webhook {
  return { id: supplier.sim.id('W'), type, body };
}
