/** A shop for tables of decisions: suppliers, offers, stock as inventory tells it, and purchase orders in any state. */
import { Compile } from 'typebox/compile';
import { type AnyEvent, type EventType, event_contracts, is_event_type, type Levels } from '../../../contracts/index.ts';
import type { Logged } from '../../../platform/service.ts';
import { type InMemory, in_memory, type Ran, test_time } from '../../../platform/testing/in_memory.ts';
import type { SupplierFact } from '../channels/port.ts';
import type { SuppliersCommand } from '../commands.ts';
import { item_id, type Offer, type Proposal, type Supplier, type SuppliersSettings, type SupplyItem } from '../model.ts';
import type { PurchaseOrder } from '../model_order.ts';
import { suppliers_references } from '../references.ts';
import { suppliers_service } from '../service.ts';

export const depot = 'depot';
export const at = test_time;
export const po = 'po_1';

type Data<T extends EventType> = Extract<AnyEvent, { type: T }>['data'];
let heard_count = 0;

/** An event as a log would tell it: the recorded example with what the test says. */
export function heard<T extends EventType>(
  type: T,
  data: Partial<Data<T>>,
  how: { at?: string; sequence?: number } = {},
): Logged<AnyEvent> {
  heard_count += 1;
  const whole = { ...event_contracts[type].example, ...data };
  const logged = {
    ...{ type, data: whole, id: `evt_${heard_count}`, key: 'key', partition: 0, source: 'inventory', position: heard_count },
    ...{ subject: 'order', sequence: how.sequence ?? heard_count, time: how.at ?? at, cause: 'req_1' },
  };
  // An example with some fields replaced by fields of the same contract.
  return logged as Logged<AnyEvent>;
}

export const acme: Supplier = {
  ...{ id: 'acme', name: 'Acme', channel: 'rest', currency: 'GBP', partner: null, over_receipt_ppm: 50_000, price_tolerance_ppm: 20_000 },
};
export const offer: Offer = {
  ...{ supplier_id: 'acme', currency: 'GBP', supplier_sku: 'S-1', cost: 100, minimum_quantity: 10, pack_size: 5, lead_time_days: 4 },
  ...{ preferred: false, inspect: false },
};

export interface Shop {
  readonly memory: InMemory;
  run(command: SuppliersCommand, how?: { at?: string; actor?: string }): Ran;
  policy(sku: string, more?: Partial<Extract<SuppliersCommand, { type: 'set_reorder_policy' }>>): Ran;
  /** What inventory says of one item; the version counts up. */
  levels(sku: string, counters: Partial<Levels>, when?: string): Ran;
  review(sku: string, when?: string): Ran;
  /** A purchase order of 10 units of each SKU, as far as `status`. */
  order(skus: readonly string[], status?: 'draft' | 'approved' | 'sent', quantity?: number): string;
  fact(fact: Told, when?: string): Ran;
  purchase_order(po_id?: string): PurchaseOrder;
  item(sku: string): SupplyItem;
  proposal(sku: string): Proposal;
  timer(kind: string, id: string): string | undefined;
  open_operation(kind: string): string;
}
/** A fact without what every fact has. */
export type Told = SupplierFact extends infer F
  ? F extends SupplierFact
    ? Omit<F, 'po_id' | 'document_ref'> & { document_ref?: string }
    : never
  : never;

let documents = 0;

export function shop(settings: Partial<SuppliersSettings> = {}, suppliers: readonly Supplier[] = [acme]): Shop {
  const memory: InMemory = in_memory(suppliers_service({ replenishment: 'manual', ...settings }), {
    refresh: suppliers_references(() => memory),
  });
  for (const supplier of suppliers) memory.seed('supplier', supplier.id, supplier);
  const versions = new Map<string, number>();
  const run: Shop['run'] = (command, how) => memory.run(command, how);
  return {
    memory,
    run,
    policy(sku, more = {}) {
      if (!memory.rows.get('offers')?.has(sku)) memory.seed('offers', sku, [offer]);
      const levels = { method: 'fixed', reorder_point: 15, target: 60, review_days: 7, safety_days: 3 } as const;
      return run({
        type: 'set_reorder_policy',
        sku,
        location_id: depot,
        ...levels,
        supplier_id: null,
        auto: true,
        if_version: null,
        ...more,
      });
    },
    levels(sku, counters, when) {
      const version = counters.version ?? (versions.get(sku) ?? 0) + 1;
      versions.set(sku, version);
      return memory.hear(heard('stock.levels_changed', { levels: [levels_of(sku, { ...counters, version })] }), when ?? at);
    },
    review: (sku, when) => memory.fire('review', item_id(sku, depot), when),
    order(skus, status = 'draft', quantity = 10) {
      for (const sku of skus) if (!memory.rows.get('offers')?.has(sku)) memory.seed('offers', sku, [offer]);
      const lines = skus.map(sku => ({ sku, quantity }));
      run({ type: 'create_purchase_order', po_id: po, supplier_id: suppliers[0]?.id ?? '', location_id: depot, lines });
      if (status !== 'draft') run({ type: 'approve_purchase_order', po_id: po, if_version: null });
      const { send_op_id } = memory.state<PurchaseOrder>('purchase_order', po);
      if (status === 'sent' && send_op_id !== null) memory.outcome(send_op_id, { outcome: 'ok', value: { channel: 'rest' } });
      return po;
    },
    fact(told, when) {
      const fact = { document_ref: `DOC-${++documents}`, ...told, po_id: po };
      return run(
        { type: 'record_supplier_fact', po_id: po, stray_id: `doc_${fact.document_ref}`, fact },
        when === undefined ? {} : { at: when },
      );
    },
    purchase_order: (po_id = po) => memory.state<PurchaseOrder>('purchase_order', po_id),
    item: sku => memory.state<SupplyItem>('supply_item', item_id(sku, depot)),
    proposal(sku) {
      const { proposal_id } = memory.state<SupplyItem>('supply_item', item_id(sku, depot));
      return memory.state<Proposal>('proposal', proposal_id ?? 'none');
    },
    timer: (kind, id) => memory.timers.get(`${kind} ${id}`)?.due_at,
    open_operation(kind) {
      const open = [...memory.operations.values()].find(
        operation => operation.kind === kind && operation.state !== 'failed' && operation.state !== 'succeeded',
      );
      if (open === undefined) throw new Error(`no open operation ${kind}`);
      return open.op_id;
    },
  };
}

export function levels_of(sku: string, counters: Partial<Levels>): Levels {
  const none = { on_hand: 0, damaged: 0, quality_control: 0, held: 0, allocated: 0, backorder_held: 0, backordered: 0 };
  return { ...none, sku, location_id: depot, version: 1, safety: 0, backorder_limit: 100, low_threshold: 0, available: 0, ...counters };
}

/** The one event of a type. */
export function said<T extends EventType>(ran: Ran, type: T): Data<T> {
  const found = ran.events.filter(event => event.type === type);
  const [event] = found;
  if (event === undefined || found.length > 1) throw new Error(`${found.length} times ${type} among ${ran.types.join(', ')}`);
  // Its type says which contract it follows.
  return event.data as Data<T>;
}

const compiled = new Map<string, { Check(value: unknown): boolean; Errors(value: unknown): Iterable<unknown> }>();

/** Everything that was published is what its contract says. */
export function assert_contracts({ memory }: Pick<Shop, 'memory'>): void {
  for (const { type, data } of memory.log) {
    if (!is_event_type(type)) throw new Error(`${type} has no contract`);
    const schema = compiled.get(type) ?? Compile(event_contracts[type].data);
    compiled.set(type, schema);
    if (!schema.Check(data)) throw new Error(`${type} is not what its contract says: ${JSON.stringify([...schema.Errors(data)])}`);
  }
}

export const days_later = (days: number) => new Date(Date.parse(at) + days * 86_400_000).toISOString();
