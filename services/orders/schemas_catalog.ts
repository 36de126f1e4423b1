/** What comes in and goes out of the catalog's routes. One schema validates, documents and types. */
import Type, { type Static } from 'typebox';
import { At, optional } from '../../contracts/index.ts';
import { countries, currencies } from './codes.ts';
import { money_max, ppm } from './pricing/exact.ts';

const closed = { additionalProperties: false } as const;
export const CurrencyCode = () => Type.Enum([...currencies], { type: 'string', description: 'ISO 4217' });
export const CountryCode = () => Type.Enum([...countries], { type: 'string', description: 'ISO 3166-1 alpha-2' });
export const Money = () => Type.Integer({ minimum: 0, maximum: money_max, description: 'Minor units' });
export const SkuText = () => Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' });
/** Names that people give to services, tax classes, jurisdictions. */
export const Name = (maxLength = 100) => Type.String({ minLength: 1, maxLength });
/** RFC 3339 with an offset, as people write it; stored in UTC. */
export const Instant = () =>
  Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?(Z|[+-]\\d{2}:\\d{2})$', maxLength: 40 });
export const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const price = Type.Object({ currency: CurrencyCode(), amount: Money() }, closed);
const product_fields = {
  name: Name(500),
  prices: Type.Array(price, { maxItems: 200 }),
  stocked: optional(Type.Boolean()),
  tax_class: optional(Name(64)),
  weight_grams: optional(Type.Integer({ minimum: 0, maximum: 10_000_000 })),
  active: optional(Type.Boolean()),
};
export type ProductBody = Static<typeof product_body>;
export const product_body = Type.Object(product_fields, closed);
export type ProductLine = Static<typeof product_line>;
export const product_line = Type.Object({ sku: SkuText(), ...product_fields }, closed);
export const product_schema = Type.Object({
  sku: SkuText(),
  name: Name(500),
  prices: Type.Array(price),
  stocked: Type.Boolean(),
  tax_class: Name(64),
  weight_grams: Type.Integer(),
  active: Type.Boolean(),
  created_at: At(),
  updated_at: At(),
});

export type DiscountBody = Static<typeof discount_body>;
export const discount_body = Type.Object(
  {
    kind: Type.Enum(['percent', 'amount', 'free_shipping'], { type: 'string' }),
    rate_ppm: optional(Type.Integer({ minimum: 0, maximum: ppm })),
    amount: optional(Money()),
    currency: optional(CurrencyCode()),
    minimum_subtotal: optional(Money()),
    uses_max: optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })),
    uses_per_customer: optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })),
    valid_from_at: optional(Instant()),
    valid_until: optional(Instant()),
  },
  closed,
);
export const discount_schema = Type.Object({
  code: Name(64),
  kind: Type.String(),
  rate_ppm: Nullable(Type.Integer()),
  amount: Nullable(Money()),
  currency: Nullable(Type.String()),
  minimum_subtotal: Money(),
  uses_max: Nullable(Type.Integer({ description: 'null: no limit' })),
  uses: Type.Integer(),
  uses_per_customer: Nullable(Type.Integer({ description: 'null: no limit' })),
  valid_from_at: At(),
  valid_until: Nullable(At()),
});

const zone = { region: optional(Name()), postal_prefix: optional(Type.String({ minLength: 1, maxLength: 20 })) };
const tax_row = Type.Object(
  {
    country: CountryCode(),
    ...zone,
    tax_class: Type.String({ minLength: 1, maxLength: 64, description: '`shipping` is the tax class of carriage' }),
    jurisdiction: Name(),
    rate_ppm: Type.Integer({ minimum: 0, maximum: ppm, description: 'Millionths: 200000 is 20 %' }),
    valid_from_at: optional(Instant()),
    valid_until: optional(Instant()),
  },
  closed,
);
/** More do not fit into a body of 256 KiB. */
export const table_rows_max = 4_000;
export type TaxTableBody = Static<typeof tax_table_body>;
export const tax_table_body = Type.Object({ data: Type.Array(tax_row, { maxItems: table_rows_max }) }, closed);

const band = Type.Object({ from: Money(), amount: Money() }, closed);
const shipping_row = Type.Object(
  {
    service: Name(),
    carrier: optional(Name()),
    country: optional(CountryCode()),
    ...zone,
    currency: CurrencyCode(),
    amount: Money(),
    banded_by: optional(
      Type.Enum(['weight', 'subtotal'], { type: 'string', description: 'What `from` of the bands measures: grams, or minor units' }),
    ),
    bands: optional(Type.Array(band, { maxItems: 100 })),
    free_from: optional(Money()),
    transit_days: optional(Type.Integer({ minimum: 0, maximum: 365 })),
  },
  closed,
);
export type ShippingTableBody = Static<typeof shipping_table_body>;
export const shipping_table_body = Type.Object({ data: Type.Array(shipping_row, { maxItems: table_rows_max }) }, closed);
