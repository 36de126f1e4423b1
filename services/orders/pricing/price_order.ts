/** What an order costs (domain.md 6.1 to 6.4, 6.8): pure, in integers, to the last minor unit. */
import type { Discount, PricedLine, Tax, TaxMode } from '../../../contracts/index.ts';
import type { Row } from '../../../platform/service.ts';
import { type DiscountRule, goods_discount, is_usable, shipping_discount } from './discount.ts';
import { money_max, spread } from './exact.ts';
import { default_shipping_service, type ShippingOffer, type ShippingTable, shipping_offers } from './shipping.ts';
import { canonical_place, type PricedPlace, rates_at, shipping_tax_class, type TaxRate, type TaxTable, with_taxes } from './tax.ts';

/** What the catalog knows of a SKU. */
export interface Product {
  readonly sku: string;
  readonly name: string;
  /** Minor units by currency. */
  readonly prices: Readonly<Record<string, number>>;
  readonly stocked: boolean;
  readonly tax_class: string;
  readonly weight_grams: number;
  /** False: no longer sold. */
  readonly active: boolean;
}

export interface AskedLine {
  readonly sku: string;
  readonly quantity: number;
  /** Stated by a secret key; absent: the product's. */
  readonly unit_price?: number | null;
}
export interface Asked {
  readonly currency: string;
  readonly tax_mode: TaxMode;
  /** When prices, rates and codes must be valid. */
  readonly at: string;
  readonly destination: PricedPlace | null;
  readonly lines: readonly AskedLine[];
  readonly discount: DiscountRule | null;
  /** null: no such product. */
  product(sku: string): Product | null;
  readonly taxes: TaxTable;
  readonly shipping_rates: ShippingTable;
}
export interface AskedOrder extends Asked {
  /** `amount`: stated by a secret key; absent: the table's. */
  readonly shipping: { readonly service?: string | null; readonly amount?: number | null } | null;
  readonly expected_total?: number | null;
}

/** `amount` is the charge before `discount` and, in exclusive mode, before `tax`; `total` is what it adds to the order. */
export interface PricedShipping {
  readonly service: string;
  readonly carrier: string | null;
  readonly amount: number;
  readonly discount: number;
  readonly tax: number;
  readonly total: number;
  readonly taxes: readonly Tax[];
  readonly transit_days: number | null;
}
/** As in order.placed: shipping_total and grand_total with taxes; tax_total with the shipping's, discount_total with what is off the shipping. */
export interface Totals {
  readonly subtotal: number;
  readonly discount_total: number;
  readonly shipping_total: number;
  readonly shipping_tax: number;
  readonly tax_total: number;
  readonly grand_total: number;
}
export interface PricedOrder {
  readonly lines: readonly PricedLine[];
  readonly shipping: PricedShipping;
  readonly discount: Discount | null;
  readonly totals: Totals;
}
/** Totals without carriage: each option says what it adds (`with_shipping`). */
export interface PricedQuote {
  readonly lines: readonly PricedLine[];
  readonly shipping_options: readonly PricedShipping[];
  readonly discount: Discount | null;
  readonly totals: Totals;
}

export interface PricingRejection {
  readonly rejection:
    | 'unknown_sku'
    | 'currency_mismatch'
    | 'price_changed'
    | 'discount_code_invalid'
    | 'unknown_shipping_service'
    | 'total_too_large';
  readonly detail: string;
  readonly extra?: Row;
}

/** Errors: unknown_sku, currency_mismatch (no price in it), discount_code_invalid, unknown_shipping_service, total_too_large, price_changed. */
export function price_order(asked: AskedOrder): PricedOrder | PricingRejection {
  const goods = price_goods(asked);
  if ('rejection' in goods) return goods;
  const { shipping: wanted } = asked;
  const charge = carriage_of(goods, wanted);
  if ('rejection' in charge) return charge;
  const shipping = price_shipping(goods, charge);
  const totals = with_shipping(goods.totals, shipping);
  if (totals.grand_total > money_max) return too_large();
  const changed = price_changed(asked.expected_total, totals.grand_total);
  if (changed !== undefined) return changed;
  return { lines: goods.lines, shipping, discount: discount_of(goods, totals), totals };
}

/** Errors: those of price_order but price_changed and unknown_shipping_service. */
export function price_quote(asked: Asked): PricedQuote | PricingRejection {
  const goods = price_goods(asked);
  if ('rejection' in goods) return goods;
  const shipping_options = goods.offers.map(offer => price_shipping(goods, offer));
  if (shipping_options.some(option => with_shipping(goods.totals, option).grand_total > money_max)) return too_large();
  return { lines: goods.lines, shipping_options, discount: discount_of(goods, goods.totals), totals: goods.totals };
}

/** The totals of a quote, or of goods alone, with carriage. */
export function with_shipping(
  totals: Totals,
  shipping: { readonly discount: number; readonly tax: number; readonly total: number },
): Totals {
  return {
    subtotal: totals.subtotal,
    discount_total: totals.discount_total + shipping.discount,
    shipping_total: totals.shipping_total + shipping.total,
    shipping_tax: totals.shipping_tax + shipping.tax,
    tax_total: totals.tax_total + shipping.tax,
    grand_total: totals.grand_total + shipping.total,
  };
}

/** Of several options the one meant when none is named: `standard`, else the cheapest. */
export function default_option<O extends { readonly service: string; readonly amount: number }>(options: readonly O[]): O | undefined {
  let cheapest = options[0];
  for (const option of options) {
    if (option.service === default_shipping_service) return option;
    if (cheapest !== undefined && option.amount < cheapest.amount) cheapest = option;
  }
  return cheapest;
}

export function price_changed(expected_total: number | null | undefined, grand_total: number): PricingRejection | undefined {
  if (expected_total === null || expected_total === undefined || expected_total === grand_total) return undefined;
  return { rejection: 'price_changed', detail: 'The total is no longer what was expected.', extra: { total: grand_total } };
}

function too_large(): PricingRejection {
  return { rejection: 'total_too_large', detail: `The order's total is larger than ${money_max}.` };
}

/** Everything but the carriage. */
interface Goods {
  readonly asked: Asked;
  readonly place: PricedPlace | null;
  readonly lines: readonly PricedLine[];
  readonly totals: Totals;
  readonly offers: readonly ShippingOffer[];
}

function price_goods(asked: Asked): Goods | PricingRejection {
  const goods = find_products(asked);
  if (!Array.isArray(goods)) return goods;
  const { discount: rule, at, currency } = asked;
  const { subtotal, weight_grams, has_stocked } = sums_of(goods);
  if (subtotal > money_max) return too_large();
  if (rule !== null && !is_usable(rule, { currency, subtotal, at })) return code_invalid();
  const off = goods_discount(rule, subtotal);
  const place = asked.destination === null ? null : canonical_place(asked.destination);
  const lines = price_lines(asked, goods, off, place);
  let tax_total = 0;
  let grand_total = 0;
  for (const line of lines) {
    tax_total += line.line_tax;
    grand_total += line.line_total;
  }
  if (grand_total > money_max) return too_large();
  return {
    asked,
    place,
    lines,
    totals: { subtotal, discount_total: off, shipping_total: 0, shipping_tax: 0, tax_total, grand_total },
    offers: has_stocked ? shipping_offers(asked.shipping_rates, { currency, place, weight_grams, subtotal: subtotal - off }) : [],
  };
}

/** A line and what the catalog says of it. */
interface Good {
  readonly product: Product;
  readonly quantity: number;
  readonly unit_price: number;
  readonly line_subtotal: number;
}

function find_products(asked: Asked): Good[] | PricingRejection {
  const goods: Good[] = [];
  for (const [index, { sku, quantity, unit_price }] of asked.lines.entries()) {
    const product = asked.product(sku);
    if (product === null || !product.active) return at_line(index, 'unknown_sku', 'No such product is sold.');
    const price = unit_price ?? product.prices[asked.currency];
    if (price === undefined) return at_line(index, 'currency_mismatch', `This product has no price in ${asked.currency}.`);
    goods.push({ product, quantity, unit_price: price, line_subtotal: price * quantity });
  }
  return goods;
}

function sums_of(goods: readonly Good[]): { subtotal: number; weight_grams: number; has_stocked: boolean } {
  let subtotal = 0;
  let weight_grams = 0;
  let has_stocked = false;
  for (const { product, quantity, line_subtotal } of goods) {
    subtotal += line_subtotal;
    if (!product.stocked) continue;
    has_stocked = true;
    weight_grams += product.weight_grams * quantity;
  }
  return { subtotal, weight_grams, has_stocked };
}

function price_lines(asked: Asked, goods: readonly Good[], off: number, place: PricedPlace | null): PricedLine[] {
  const discounts =
    off === 0
      ? undefined
      : spread(
          off,
          goods.map(good => good.line_subtotal),
        );
  const rates = new Map<string, readonly TaxRate[]>();
  return goods.map(({ product, quantity, unit_price, line_subtotal }, index) => {
    let of_class = rates.get(product.tax_class);
    if (of_class === undefined) {
      of_class = rates_at(asked.taxes, product.tax_class, place, asked.at);
      rates.set(product.tax_class, of_class);
    }
    const line_discount = discounts?.[index] ?? 0;
    const taxed = with_taxes(line_subtotal - line_discount, of_class, asked.tax_mode);
    return {
      line_no: index + 1,
      sku: product.sku,
      name: product.name,
      stocked: product.stocked,
      tax_class: product.tax_class,
      weight_grams: product.weight_grams,
      quantity,
      unit_price,
      line_subtotal,
      line_discount,
      line_tax: taxed.tax,
      line_total: taxed.total,
      taxes: taxed.taxes,
    };
  });
}

function at_line(index: number, rejection: 'unknown_sku' | 'currency_mismatch', detail: string): PricingRejection {
  return { rejection, detail, extra: { errors: [{ pointer: `/lines/${index}/sku`, code: rejection, detail }] } };
}

function code_invalid(): PricingRejection {
  const rejection = 'discount_code_invalid';
  return {
    rejection,
    detail: 'This discount code does not apply.',
    extra: { errors: [{ pointer: '/discount_codes/0', code: rejection }] },
  };
}

/** Stated; else what the table offers for the service named, else its default; nothing where the table knows no carriage at all. */
function carriage_of(goods: Goods, wanted: AskedOrder['shipping']): ShippingOffer | PricingRejection {
  const { offers } = goods;
  const service = wanted?.service ?? undefined;
  const offer = service === undefined ? default_option(offers) : offers.find(known => known.service === service);
  const stated = wanted?.amount ?? undefined;
  if (stated === undefined && offer === undefined && service !== undefined && offers.length > 0) {
    const rejection = 'unknown_shipping_service';
    return { rejection, detail: 'This service does not go there.', extra: { errors: [{ pointer: '/shipping/service', code: rejection }] } };
  }
  return {
    service: service ?? offer?.service ?? default_shipping_service,
    carrier: offer?.carrier ?? null,
    amount: stated ?? offer?.amount ?? 0,
    transit_days: offer?.transit_days ?? null,
  };
}

function price_shipping(goods: Goods, offer: ShippingOffer): PricedShipping {
  const { asked, place } = goods;
  const discount = shipping_discount(asked.discount, offer.amount);
  const net = offer.amount - discount;
  const rates = net === 0 ? [] : rates_at(asked.taxes, shipping_tax_class, place, asked.at);
  const { tax, total, taxes } = with_taxes(net, rates, asked.tax_mode);
  return {
    service: offer.service,
    carrier: offer.carrier,
    amount: offer.amount,
    discount,
    tax,
    total,
    taxes,
    transit_days: offer.transit_days,
  };
}

function discount_of(goods: Goods, totals: Totals): Discount | null {
  const { discount: rule } = goods.asked;
  return rule === null ? null : { code: rule.code, amount: totals.discount_total };
}
