/** Placing an order: priced, checked, numbered, and its stock asked for (domain.md 3.1, new). */
import type { OrderPlaced, TaxMode } from '../../../contracts/index.ts';
import { type Given, later } from '../../../platform/service.ts';
import { nowhere } from '../catalog.ts';
import { type PlaceOrder, unpaid_orders_max } from '../commands.ts';
import { type Contact, type Discount, type Order, type Quote, redemptions_id, reference_id } from '../model.ts';
import { default_option, type PricedOrder, price_changed, price_order, with_shipping } from '../pricing/price_order.ts';
import { default_shipping_service } from '../pricing/shipping.ts';
import { type OrdersRejection, pricing_rejected, reject } from '../rejections.ts';
import { cancel } from './cancel.ts';
import {
  type Draft,
  id_source,
  nothing,
  type OrdersDecision,
  type OrdersFact,
  type OrdersHandler,
  type OrdersRef,
  type OrdersView,
  open_draft,
} from './draft.ts';
import { conclude } from './follow.ts';
import { day_ms, due_of, first_wait, handling_ms, payment_wait_ms, transit_default_ms } from './waits.ts';

export const place_order: OrdersHandler<PlaceOrder> = {
  touches(command) {
    const { order_id, quote_id, asker, reference, customer, replaces_order_id } = command;
    const refs: OrdersRef[] = quote_id === null ? goods_refs(command) : [{ kind: 'quote', id: quote_id }];
    refs.push({ kind: 'order_number', id: order_id }, { kind: 'order', id: order_id });
    if (reference !== null) refs.push({ kind: 'reference', id: reference_id(asker.principal, reference) });
    if (customer !== null) refs.push({ kind: 'customer', id: customer });
    if (customer !== null && asker.is_browser) refs.push({ kind: 'unpaid', id: customer });
    if (replaces_order_id !== null) refs.push({ kind: 'order', id: replaces_order_id });
    return refs;
  },
  /** A quote's code is known only now. */
  then_touches: (command, view) =>
    command.quote_id === null ? [] : discount_refs(view('quote', command.quote_id)?.discount?.code ?? null, command),
  decide(command, view, given) {
    if (view('order', command.order_id) !== undefined) return nothing;
    const refusal = refused(command, view);
    if (refusal !== undefined) return refusal;
    const priced =
      command.quote_id === null ? price_lines(command, view, given) : price_by_quote(command, view('quote', command.quote_id), given);
    if ('rejection' in priced) return priced;
    const unfit = unfit_for_sale(command, view, priced);
    if (unfit !== undefined) return unfit;
    return place(command, view, given, priced);
  },
};

function goods_refs(command: PlaceOrder): OrdersRef[] {
  const { lines, place, discount_code } = command;
  const table = place?.country ?? nowhere;
  const refs: OrdersRef[] = [...new Set(lines.map(line => line.sku))].map(id => ({ kind: 'product', id }));
  refs.push({ kind: 'tax_table', id: table }, { kind: 'shipping_table', id: table }, ...discount_refs(discount_code, command));
  return refs;
}

function discount_refs(code: string | null, { customer }: PlaceOrder): readonly OrdersRef[] {
  if (code === null) return [];
  const discount = { kind: 'discount', id: code } as const;
  return customer === null ? [discount] : [discount, { kind: 'redemptions', id: redemptions_id(code, customer) }];
}

/** What the goods cost, and when they are promised. */
interface Priced extends PricedOrder {
  readonly tax_mode: TaxMode;
  readonly promise_at: string;
}

/** What is refused whatever it costs. */
function refused(command: PlaceOrder, view: OrdersView): OrdersRejection | undefined {
  const { asker, reference, customer, replaces_order_id } = command;
  if (asker.is_browser && customer === null) return reject('customer_required', 'A publishable key orders for a customer.');
  const taken = reference === null ? null : view('reference', reference_id(asker.principal, reference)).order_id;
  if (taken !== null) return reject('reference_taken', 'An order with this reference exists.', { order_id: taken });
  const replaced = replaces_order_id === null ? undefined : view('order', replaces_order_id);
  if (replaces_order_id !== null && !is_replaceable(replaced, asker.principal)) {
    return reject('invalid_transition', 'Only an unpaid order of your own can be replaced.');
  }
  if (!asker.is_browser || customer === null) return undefined;
  const { customer_ref, placed } = view('customer', customer);
  const replaces_own = replaced !== undefined && customer_ref !== null && replaced.customer_ref === customer_ref;
  const unpaid = view('unpaid', customer);
  const in_this_batch = placed - unpaid.placed;
  if (unpaid.orders + in_this_batch - (replaces_own ? 1 : 0) < unpaid_orders_max) return undefined;
  return reject('too_many_unpaid_orders', `This customer has ${unpaid_orders_max} unpaid orders. Pay or cancel one first.`);
}

function is_replaceable(order: Order | undefined, principal: string): boolean {
  return (
    order !== undefined && order.principal === principal && (order.axes.status === 'placed' || order.axes.status === 'awaiting_payment')
  );
}

function price_lines(command: PlaceOrder, view: OrdersView, given: Given): Priced | OrdersRejection {
  const { discount_code, currency, tax_mode, place, lines, shipping, expected_total } = command;
  const discount = discount_code === null ? null : view('discount', discount_code);
  if (discount === undefined) return reject('discount_code_invalid', 'This discount code does not apply.');
  const table = place?.country ?? nowhere;
  const priced = price_order({
    currency,
    tax_mode,
    at: command.placed_at ?? given.at,
    destination: place,
    lines,
    discount,
    product: sku => view('product', sku),
    taxes: view('tax_table', table),
    shipping_rates: view('shipping_table', table),
    shipping,
    expected_total,
  });
  if ('rejection' in priced) return pricing_rejected(priced);
  const { transit_days } = priced.shipping;
  const promise_at = later(given.at, handling_ms + (transit_days === null ? transit_default_ms : transit_days * day_ms));
  return { ...priced, tax_mode, promise_at };
}

/** The prices are the quote's: as long as it lives, for who asked for it, to where it was asked for, once. */
function price_by_quote(command: PlaceOrder, quote: Quote | undefined, given: Given): Priced | OrdersRejection {
  if (quote === undefined || quote.principal !== command.asker.principal) return reject('quote_invalid', 'There is no such quote.');
  if (quote.order_id !== null) return reject('quote_invalid', 'This quote was used.', { order_id: quote.order_id });
  if (quote.expires_at <= given.at) return reject('quote_invalid', 'This quote has expired.');
  if (quote.currency !== command.currency) return reject('currency_mismatch', `The quote is in ${quote.currency}.`);
  const { country = null, region = null } = quote.destination ?? {};
  if ((command.place?.country ?? null) !== country || (command.place?.region ?? null) !== region) {
    return reject('quote_invalid', 'The quote is for another destination.');
  }
  const option = option_of(quote, command.shipping?.service ?? null, later(given.at, handling_ms + transit_default_ms));
  if (option === undefined) return reject('unknown_shipping_service', 'The quote has no such option.');
  const { shipping, promise_at } = option;
  const totals = with_shipping(quote.totals, shipping);
  const changed = price_changed(command.expected_total, totals.grand_total);
  if (changed !== undefined) return pricing_rejected(changed);
  const discount = quote.discount ?? null;
  const told = discount === null ? null : { ...discount, amount: totals.discount_total };
  return { lines: quote.lines, shipping, discount: told, totals, tax_mode: quote.tax_mode, promise_at };
}

function option_of(quote: Quote, service: string | null, default_promise_at: string): Pick<Priced, 'shipping' | 'promise_at'> | undefined {
  const { shipping_options, tax_mode } = quote;
  const none = { carrier: null, amount: 0, discount: 0, tax: 0, total: 0, taxes: [], transit_days: null };
  if (shipping_options.length === 0)
    return { shipping: { service: service ?? default_shipping_service, ...none }, promise_at: default_promise_at };
  const option = service === null ? default_option(shipping_options) : shipping_options.find(known => known.service === service);
  if (option === undefined) return undefined;
  const { amount, tax, taxes, discount = 0, carrier = null, estimated_delivery_at = null } = option;
  const net = amount - (discount ?? 0);
  const total = tax_mode === 'exclusive' ? net + tax : net;
  const shipping = { service: option.service, carrier, amount, discount: discount ?? 0, tax, total, taxes, transit_days: null };
  return { shipping, promise_at: estimated_delivery_at ?? default_promise_at };
}

/** What depends on the goods: where they go, and whether the code is still to be had. */
function unfit_for_sale(command: PlaceOrder, view: OrdersView, { lines, discount }: PricedOrder): OrdersRejection | undefined {
  if (command.place === null && lines.some(line => line.stocked)) {
    return reject('destination_required', 'Goods need a shipping_address with a country.');
  }
  if (discount === null) return undefined;
  const known = view('discount', discount.code);
  if (known === undefined) return reject('discount_code_invalid', 'This discount code does not apply.');
  return is_used_up(known, command, view)
    ? reject('discount_code_used', 'This discount code has been used as often as it may be.')
    : undefined;
}

function is_used_up(discount: Discount, { customer }: PlaceOrder, view: OrdersView): boolean {
  const { code, uses, uses_max, uses_per_customer, lately } = discount;
  if (uses_max !== null && uses >= uses_max) return true;
  if (uses_per_customer === null || customer === null) return false;
  const { customer_ref } = view('customer', customer);
  const stored = view('redemptions', redemptions_id(code, customer));
  const in_this_batch = lately.filter(({ no, customer_ref: who }) => no > stored.redeemed && who === customer_ref);
  return stored.uses + in_this_batch.length >= uses_per_customer;
}

function place(command: PlaceOrder, view: OrdersView, given: Given, priced: Priced) {
  const { order_id, customer, quote_id, replaces_order_id } = command;
  const new_id = id_source(given);
  const known_ref = customer === null ? null : view('customer', customer).customer_ref;
  const customer_ref = customer === null ? null : (known_ref ?? new_id('cus'));
  const { number } = view('order_number', order_id);
  const data = placed_data(command, priced, { number, customer_ref, at: given.at });
  const also_changes: OrdersRef[] = [];
  if (customer !== null && (known_ref === null || command.asker.is_browser)) also_changes.push({ kind: 'customer', id: customer });
  if (quote_id !== null) also_changes.push({ kind: 'quote', id: quote_id });
  if (priced.discount !== null) also_changes.push({ kind: 'discount', id: priced.discount.code });
  const fact: OrdersFact = { event: { type: 'order.placed', data }, key: order_id, subject: { kind: 'order', id: order_id }, also_changes };
  const replaced = replaces_order_id === null ? undefined : view('order', replaces_order_id);
  const before = replaced === undefined ? nothing : replace(open_draft(replaced, given, { new_id }));
  return {
    facts: [...before.facts, fact],
    timers: [...(before.timers ?? []), { kind: 'order', id: order_id, due_at: due_of(first_wait, given.at) }],
    records: [{ table: 'order_contact', row: { id: order_id, ...contact_of(command) } }],
  };
}

/** The old order goes in the same decision; inventory frees its stock before it looks for the new one's (order.placed names it). */
function replace(draft: Draft): OrdersDecision {
  const refusal = cancel(draft, { reason: 'replaced', lines: undefined });
  if (refusal !== undefined) throw new Error(`an unpaid order could not be cancelled: ${refusal.rejection}`);
  return conclude(draft, 'replaced');
}

interface Made {
  readonly number: number;
  readonly customer_ref: string | null;
  readonly at: string;
}

function placed_data(command: PlaceOrder, priced: Priced, { number, customer_ref, at }: Made): OrderPlaced['data'] {
  const { place } = command;
  return {
    order_id: command.order_id,
    customer_ref,
    currency: command.currency,
    axes: { status: 'placed', payment_status: 'none', fulfillment_status: 'unfulfilled' },
    reservation_state: 'asked',
    ...tender_of(command),
    number,
    principal: command.asker.principal,
    reference: command.reference,
    quote_id: command.quote_id,
    placed_at: command.placed_at ?? at,
    destination: place === null ? null : { country: place.country, region: place.region ?? null },
    tax_mode: priced.tax_mode,
    ship_policy: command.ship_policy,
    capture_policy: command.capture_policy,
    priority: command.priority,
    shipping_service: priced.shipping.service,
    shipping_carrier: command.shipping?.carrier ?? null,
    metadata: command.metadata,
    lines: priced.lines.map((line, index) => ({
      ...line,
      accept_backorder: command.lines[index]?.accept_backorder ?? true,
      promise_at: line.stocked ? priced.promise_at : null,
    })),
    discount: priced.discount,
    ...priced.totals,
    expires_at: later(at, payment_wait_ms),
    replaces_order_id: command.replaces_order_id,
  };
}

function tender_of({ tender }: PlaceOrder): Pick<OrderPlaced['data'], 'tender'> {
  if (tender === null) return {};
  const { gateway, method_kind, amount = null, return_url = null } = tender;
  return { tender: { gateway, method_kind, amount, return_url } };
}

function contact_of({ customer, contact, tender, token_hash }: PlaceOrder): Contact {
  const { name = null, email = null, phone = null, shipping_address = null, billing_address = null } = contact;
  return { customer, name, email, phone, shipping_address, billing_address, method_token: tender?.method_token ?? null, token_hash };
}
