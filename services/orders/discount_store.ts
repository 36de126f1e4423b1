/** The rules of discount codes as their routes read and write them. `uses` belongs to the write path (store.ts). */
import type { Page } from '../../platform/pages.ts';
import type { CatalogDesk } from './catalog_store.ts';

export interface DiscountRow {
  readonly code: string;
  readonly kind: 'percent' | 'amount' | 'free_shipping';
  readonly rate_ppm: number | null;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly minimum_subtotal: number;
  readonly uses_max: number | null;
  readonly uses_per_customer: number | null;
  readonly valid_from_at: string;
  readonly valid_until: string;
}
export type StoredDiscount = DiscountRow & { readonly uses: number; readonly created_at: string };

const columns = `id as code, kind, rate_ppm, amount, currency, minimum_subtotal, uses_max, uses, uses_per_customer, valid_from_at, valid_until, created_at`;

/** False when the code was used more often than its new `uses_max`: nothing changed. */
export async function put_discount(desk: CatalogDesk, discount: DiscountRow): Promise<boolean> {
  const put = await desk.query(
    'discount.put',
    `insert into orders.discount as d (id, version, kind, rate_ppm, amount, currency, minimum_subtotal, valid_from_at, valid_until, uses, uses_max, uses_per_customer, created_at)
     select $1::json->>'code', 1, r.kind, r.rate_ppm, r.amount, r.currency, r.minimum_subtotal, r.valid_from_at, r.valid_until, 0, r.uses_max, r.uses_per_customer, $2
       from json_populate_record(null::orders.discount, $1::json) r
         on conflict (id) do update
        set version = d.version + 1, kind = excluded.kind, rate_ppm = excluded.rate_ppm, amount = excluded.amount, currency = excluded.currency,
            minimum_subtotal = excluded.minimum_subtotal, valid_from_at = excluded.valid_from_at, valid_until = excluded.valid_until,
            uses_max = excluded.uses_max, uses_per_customer = excluded.uses_per_customer
      where excluded.uses_max is null or d.uses <= excluded.uses_max
     returning id`,
    [JSON.stringify(discount), desk.now()],
  );
  return put.length > 0;
}

export async function get_discount(desk: CatalogDesk, code: string): Promise<StoredDiscount | undefined> {
  const [discount] = await desk.query<StoredDiscount>('discount.get', `select ${columns} from orders.discount where id = $1`, [code]);
  return discount;
}

/** One more than the page holds, when there is more. */
export function list_discounts(desk: CatalogDesk, page: Page): Promise<StoredDiscount[]> {
  const [created_at = 'infinity', code = ''] = page.after ?? [];
  return desk.query<StoredDiscount>(
    'discount.list',
    `select ${columns} from orders.discount where (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3`,
    [created_at, code, page.limit + 1],
  );
}
