/** What the routes share: codes in addresses, and replies made in the batch. */
import type { SuppliersEvent } from '../../contracts/index.ts';
import { Problem, type Reply, type RouteRequest, type Submitted } from '../../platform/route.ts';
import type { SuppliersRejection } from './rejections.ts';
import { code_pattern } from './schemas.ts';

/** Errors: 422 `format`. */
export function code_in(request: RouteRequest, name: string): string {
  const code = request.params[name] ?? '';
  if (code_pattern.test(code)) return code;
  throw invalid(`/${name}`, 'format', `A ${name} has 1 to 64 letters, digits and - _ . characters.`);
}

/** What a schema alone cannot say. */
export function invalid(pointer: string, code: 'format' | 'required' | 'out_of_range' | 'invalid', detail: string): Problem {
  return new Problem(422, code, detail, { errors: [{ pointer, code, detail }] });
}

export function reply_of(submitted: Submitted<SuppliersEvent, SuppliersRejection>): Reply {
  if (submitted.reply === undefined) throw new Error(`a command was ${submitted.result} without a reply`);
  return submitted.reply;
}
