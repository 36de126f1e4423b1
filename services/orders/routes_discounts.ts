/** Discount codes (api.md 2): the rule is put here, its uses are counted by the orders that redeem it. */
import Type from 'typebox';
import { not_found } from '../../platform/http.ts';
import { page_reply, page_schema, paging, read_page, text_part } from '../../platform/pages.ts';
import { Problem, type Reply, type Route } from '../../platform/route.ts';
import type { Row } from '../../platform/service.ts';
import type { CatalogDesk } from './catalog_store.ts';
import { type DiscountRow, get_discount, list_discounts, put_discount, type StoredDiscount } from './discount_store.ts';
import { instant_of, invalid } from './fields.ts';
import { canonical_code } from './pricing/discount.ts';
import { type DiscountBody, discount_body, discount_schema } from './schemas_catalog.ts';

/** Of codes that never end. */
const never = '9999-12-31T23:59:59.999Z';

export function discount_routes(desk: CatalogDesk): Route[] {
  return [
    {
      method: 'PUT',
      path: '/v1/discounts/:code',
      summary: 'Put a discount code',
      audit: { action: 'discount.changed' },
      scope: 'catalog:write',
      body: discount_body,
      replies: { 200: discount_schema },
      rejections: ['uses_max_below_uses'],
      async handle(request) {
        const code = canonical_code(request.params['code'] ?? '');
        if (code === null) throw invalid('/code', 'format', 'A code has 1 to 64 letters, digits and - _ . characters.');
        // Validated against `body`.
        const is_put = await put_discount(desk, discount_row(code, request.body as DiscountBody, desk.now()));
        if (!is_put) throw new Problem(409, 'uses_max_below_uses', 'The code was already used more often than that.');
        return show(desk, code);
      },
    },
    {
      method: 'GET',
      path: '/v1/discounts/:code',
      summary: 'A discount code',
      scope: 'catalog:read',
      replies: { 200: discount_schema },
      rejections: ['not_found'],
      handle: request => show(desk, canonical_code(request.params['code'] ?? '') ?? ''),
    },
    {
      method: 'GET',
      path: '/v1/discounts',
      summary: 'All discount codes',
      scope: 'catalog:read',
      query: Type.Object(paging),
      replies: { 200: page_schema(discount_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, ['instant', text_part]);
        return page_reply(await list_discounts(desk, page), page, row => [row.created_at, row.code], shown);
      },
    },
  ];
}

async function show(desk: CatalogDesk, code: string): Promise<Reply> {
  const discount = await get_discount(desk, code);
  if (discount === undefined) throw not_found();
  return { status: 200, body: shown(discount) };
}

function shown(row: StoredDiscount): Row {
  const { created_at: _, ...discount } = row;
  return { ...discount, valid_until: discount.valid_until === never ? null : discount.valid_until };
}

function discount_row(code: string, body: DiscountBody, now: string): DiscountRow {
  const { kind } = body;
  const rate_ppm = kind === 'percent' ? needed(body.rate_ppm, '/rate_ppm') : refused(body.rate_ppm, '/rate_ppm');
  const amount = kind === 'amount' ? needed(body.amount, '/amount') : refused(body.amount, '/amount');
  const minimum_subtotal = body.minimum_subtotal ?? 0;
  const currency = amount !== null || minimum_subtotal > 0 ? needed(body.currency, '/currency') : (body.currency ?? null);
  const valid_from_at = instant_of(body.valid_from_at, '/valid_from_at') ?? now;
  const valid_until = instant_of(body.valid_until, '/valid_until') ?? never;
  return {
    code,
    kind,
    rate_ppm,
    amount,
    currency,
    minimum_subtotal,
    uses_max: body.uses_max ?? null,
    uses_per_customer: body.uses_per_customer ?? null,
    valid_from_at,
    valid_until,
  };
}

function needed<T>(value: T | null | undefined, pointer: string): T {
  if (value === null || value === undefined) throw invalid(pointer, 'required', 'A discount of this kind needs it.');
  return value;
}
function refused(value: unknown, pointer: string): null {
  if (value !== null && value !== undefined) throw invalid(pointer, 'unknown_field', 'A discount of this kind has none.');
  return null;
}
