/** A reorder policy as somebody asks for it, alone or as a line of many. */
import { invalid } from './answers.ts';
import type { SetReorderPolicy } from './commands.ts';
import type { PolicyBody } from './schemas.ts';

export const review_days_default = 7;
export const safety_days_default = 3;

/** A fixed policy names both levels; the method `demand` computes them daily and may begin with given ones. Errors: 422 `required`, `out_of_range`. */
export function policy_command(sku: string, location_id: string, body: PolicyBody, if_version: number | null): SetReorderPolicy {
  const method = body.method ?? 'fixed';
  const reorder_point = body.reorder_point ?? null;
  const target = body.target ?? null;
  for (const [name, value] of [['reorder_point', reorder_point] as const, ['target', target] as const]) {
    if (method !== 'fixed' || value !== null) continue;
    throw invalid(`/${name}`, 'required', `A fixed policy needs ${name}.`);
  }
  if (reorder_point !== null && target !== null && target < reorder_point) {
    throw invalid('/target', 'out_of_range', 'The target is below the reorder point.');
  }
  return {
    type: 'set_reorder_policy',
    sku,
    location_id,
    method,
    reorder_point,
    target,
    review_days: body.review_days ?? review_days_default,
    safety_days: body.safety_days ?? safety_days_default,
    supplier_id: body.supplier ?? null,
    auto: body.auto ?? true,
    if_version,
  };
}
