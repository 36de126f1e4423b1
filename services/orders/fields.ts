/** What a schema cannot say of a field is checked here, and refused in the same form. */
import { is_instant } from '../../platform/pages.ts';
import { Problem } from '../../platform/route.ts';

/**
 * In the canonical form; null when absent. Date rolls the 31st of February and the 24th hour over and knows years that no timestamptz is in this form:
 * these are no times either.
 */
export function instant_of(text: string | null | undefined, pointer: string): string | null {
  if (text === null || text === undefined) return null;
  const time = Date.parse(text);
  const at = Number.isNaN(time) ? '' : new Date(time).toISOString();
  if (!is_instant(at) || !is_instant(`${text.slice(0, 10)}T00:00:00.000Z`) || text.slice(11, 13) === '24')
    throw invalid(pointer, 'format', 'This is no time of RFC 3339.');
  return at;
}

export function invalid(pointer: string, code: string, detail: string): Problem {
  return new Problem(422, code, detail, { errors: [{ pointer, code, detail }] });
}
