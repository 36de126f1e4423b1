/** What a schema cannot say of a field is checked here, and refused in the same form. */
import { Problem } from '../../platform/route.ts';

/** In the canonical form; null when absent. */
export function instant_of(text: string | null | undefined, pointer: string): string | null {
  if (text === null || text === undefined) return null;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalid(pointer, 'format', 'This is no time of RFC 3339.');
  return new Date(time).toISOString();
}

export function invalid(pointer: string, code: string, detail: string): Problem {
  return new Problem(422, code, detail, { errors: [{ pointer, code, detail }] });
}
