/** From the bodies of POST /v1/orders and /v1/quotes to commands: what only a secret key may say, and what contradicts itself, ends here. */
import { hash } from 'node:crypto';
import type { Address } from '../../contracts/index.ts';
import { type Principal, Problem } from '../../platform/route.ts';
import { currencies } from './codes.ts';
import type { AskedContact, AskedTender, Asker, CreateQuote, PlaceOrder } from './commands.ts';
import { instant_of, invalid } from './fields.ts';
import type { Contact } from './model.ts';
import { canonical_code } from './pricing/discount.ts';
import type { PricedPlace } from './pricing/tax.ts';
import type { OrderBody, PaymentBody, QuoteBody } from './schemas.ts';

export const priority_default = 5;

export interface OrderSettings {
  /** Prices of a shop: for whoever does not say, and always for a browser. */
  readonly tax_mode: 'exclusive' | 'inclusive';
  /** Gateways a browser may pay with. `manual` takes no money by itself. */
  readonly browser_gateways: ReadonlySet<string>;
}

export function asker_of(principal: Principal): Asker {
  return { principal: principal.id, is_browser: principal.type === 'pk' };
}

type FieldError = Problem['errors'][number];

export function quote_command(body: QuoteBody, asked: { quote_id: string; principal: Principal; settings: OrderSettings }): CreateQuote {
  const { principal, settings } = asked;
  if (principal.type === 'pk' && is_given(body.tax_mode)) throw refused([not_for_browsers('/tax_mode')]);
  return {
    type: 'create_quote',
    quote_id: asked.quote_id,
    asker: asker_of(principal),
    currency: currency_of(body.currency),
    tax_mode: body.tax_mode ?? settings.tax_mode,
    lines: body.lines,
    place: place_of(body.shipping_address),
    discount_code: discount_code_of(body.discount_codes),
  };
}

export interface OrderAsked {
  readonly order_id: string;
  readonly principal: Principal;
  readonly token: string;
  readonly now: string;
  readonly settings: OrderSettings;
}

/** Errors: 403 `insufficient_scope` (placed_at), 422 `unknown_field`, `required`, `currency_mismatch`, `discount_code_invalid`, `out_of_range`. */
export function order_command(body: OrderBody, asked: OrderAsked): PlaceOrder {
  const { principal, settings } = asked;
  const placed_at = placed_at_of(body, asked);
  const errors = field_errors(body, principal);
  if (errors.length > 0) throw refused(errors);
  const payment = body.payment ?? null;
  if (payment !== null) check_payment(principal, settings, payment, '/payment');
  return {
    type: 'place_order',
    order_id: asked.order_id,
    asker: asker_of(principal),
    reference: body.reference ?? null,
    currency: currency_of(body.currency),
    quote_id: body.quote_id ?? null,
    lines: (body.lines ?? []).map(line => ({ ...line, accept_backorder: line.accept_backorder ?? true })),
    discount_code: discount_code_of(body.discount_codes),
    tax_mode: body.tax_mode ?? settings.tax_mode,
    place: place_of(body.shipping_address),
    shipping: body.shipping ?? null,
    expected_total: body.expected_total ?? null,
    customer: body.customer?.id ?? body.customer?.email ?? null,
    contact: contact_of(body),
    token_hash: hash('sha256', asked.token, 'base64url'),
    tender: payment === null ? null : tender_of(payment),
    capture_policy: payment?.capture ?? 'on_shipment',
    ship_policy: body.ship_policy ?? 'split',
    priority: body.priority ?? priority_default,
    metadata: body.metadata ?? {},
    replaces_order_id: body.replaces_order_id ?? null,
    placed_at,
  };
}

/** Errors: 422 `unknown_value` for a gateway that a browser may not use, or that takes nothing of this kind. */
export function tender_command(body: PaymentBody, principal: Principal, settings: OrderSettings): AskedTender {
  check_payment(principal, settings, body, '');
  return { ...tender_of(body), amount: body.amount ?? null };
}

/** The row of an order that was just placed, as its reply shows it. */
export function placed_contact(command: PlaceOrder): Contact {
  const { contact } = command;
  return {
    customer: command.customer,
    name: contact.name ?? null,
    email: contact.email ?? null,
    phone: contact.phone ?? null,
    shipping_address: contact.shipping_address ?? null,
    billing_address: contact.billing_address ?? null,
    method_token: null,
    token_hash: command.token_hash,
  };
}

function is_given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** A quote says these itself. */
const quoted = ['lines', 'discount_codes', 'tax_mode'] as const;
/** Optional for a secret key, unknown to a browser's. */
const secret_only = ['lines', 'discount_codes', 'tax_mode', 'ship_policy', 'priority', 'replaces_order_id'] as const;

function field_errors(body: OrderBody, principal: Principal): FieldError[] {
  const browser = principal.type === 'pk';
  const has_quote = is_given(body.quote_id);
  const errors: FieldError[] = [];
  if (browser) {
    errors.push(...secret_only.filter(name => is_given(body[name])).map(name => not_for_browsers(`/${name}`)));
    if (is_given(body.payment?.capture)) errors.push(not_for_browsers('/payment/capture'));
  } else if (has_quote) {
    errors.push(...quoted.filter(name => is_given(body[name])).map(name => unknown_field(`/${name}`, 'The quote says this.')));
  }
  if ((browser || has_quote) && is_given(body.shipping?.amount)) errors.push(unknown_field('/shipping/amount', 'The quote says this.'));
  if (browser && !has_quote) errors.push({ pointer: '/quote_id', code: 'required', detail: 'A publishable key orders what was quoted.' });
  if (!browser && !has_quote && !is_given(body.lines)) errors.push({ pointer: '/lines', code: 'required', detail: 'Lines or a quote_id.' });
  return errors;
}

function not_for_browsers(pointer: string): FieldError {
  return unknown_field(pointer, 'Only a secret key may say this.');
}
function unknown_field(pointer: string, detail: string): FieldError {
  return { pointer, code: 'unknown_field', detail };
}
function refused(errors: readonly FieldError[]): Problem {
  const [first] = errors;
  return new Problem(422, first?.code ?? 'unknown_field', `${first?.pointer ?? 'The body'} is not valid: ${first?.detail ?? ''}`, {
    errors,
  });
}

function placed_at_of(body: OrderBody, asked: OrderAsked): string | null {
  if (!is_given(body.placed_at)) return null;
  if (!asked.principal.scopes.has('orders:import')) {
    throw new Problem(403, 'insufficient_scope', 'placed_at needs the scope orders:import.');
  }
  const placed_at = instant_of(body.placed_at, '/placed_at');
  if (placed_at !== null && placed_at > asked.now) throw invalid('/placed_at', 'out_of_range', 'placed_at lies in the past.');
  return placed_at;
}

function currency_of(text: string): string {
  if (!currencies.has(text)) throw invalid('/currency', 'currency_mismatch', 'This is no currency of ISO 4217, in capitals.');
  return text;
}

function discount_code_of(codes: readonly string[] | null | undefined): string | null {
  const [given] = codes ?? [];
  if (given === undefined) return null;
  const code = canonical_code(given);
  if (code === null) throw invalid('/discount_codes/0', 'discount_code_invalid', 'This discount code does not apply.');
  return code;
}

type AskedPayment = Omit<PaymentBody, 'amount'>;

/** What is taken by hand has no other kind. */
const kinds_taken: Readonly<Record<AskedPayment['gateway'], readonly AskedTender['method_kind'][]>> = {
  manual: ['manual'],
  stripe: ['card', 'wallet', 'bank'],
  cybersource: ['card', 'wallet'],
};

function check_payment(principal: Principal, settings: OrderSettings, payment: AskedPayment, pointer: string): void {
  const { gateway } = payment;
  if ((principal.type === 'pk' || principal.type === 'order') && !settings.browser_gateways.has(gateway))
    throw invalid(`${pointer}/gateway`, 'unknown_value', 'This way of paying is not offered.');
  if (!kinds_taken[gateway].includes(kind_of(payment)))
    throw invalid(`${pointer}/method_kind`, 'unknown_value', `${gateway} takes: ${kinds_taken[gateway].join(', ')}.`);
}

function kind_of({ gateway, method_kind }: AskedPayment): AskedTender['method_kind'] {
  return method_kind ?? (gateway === 'manual' ? 'manual' : 'card');
}

function tender_of(payment: AskedPayment): AskedTender {
  return {
    gateway: payment.gateway,
    method_kind: kind_of(payment),
    return_url: payment.return_url ?? null,
    method_token: payment.method ?? null,
  };
}

function place_of(address: Address | null | undefined): PricedPlace | null {
  if (!address) return null;
  // An empty region or postal code is none.
  return { country: address.country, region: address.region || null, postal_code: address.postal_code || null };
}

function contact_of(body: OrderBody): AskedContact {
  const { customer, shipping_address } = body;
  return {
    name: customer?.name ?? shipping_address?.name ?? null,
    email: customer?.email ?? null,
    phone: customer?.phone ?? shipping_address?.phone ?? null,
    shipping_address: shipping_address ?? null,
    billing_address: body.billing_address ?? null,
  };
}
