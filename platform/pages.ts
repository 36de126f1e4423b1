/** Lists of the API (api.md): `?limit=&cursor=`, a cursor that stays good while rows are added. */
import Type, { type TSchema } from 'typebox';
import { Problem, type Reply, type RouteRequest } from './route.ts';
import type { Json } from './service.ts';

export const page_rows_max = 200;
export const page_rows_default = 50;

/** Into the query schema of every list. */
export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: page_rows_max, default: page_rows_default })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
};
export const page_schema = (item: TSchema) =>
  Type.Object({ data: Type.Array(item), next_cursor: Type.Union([Type.String(), Type.Null()]) });

/** What one part of a sort key looks like: a cursor is an outsider's text and ends in a statement. */
export type KeyPart = 'instant' | RegExp;
/** Up to 200 characters that PostgreSQL can hold. */
export const text_part: KeyPart = /^\P{C}{0,200}$/u;

export interface Page {
  readonly limit: number;
  /** The sort key of the last row shown; undefined on the first page. */
  readonly after: readonly string[] | undefined;
}

/** Errors: 422 `format` for a cursor that is none of ours; `parts` says what stands in it. */
export function read_page({ query: { limit, cursor } }: RouteRequest, parts: readonly KeyPart[]): Page {
  const after = cursor === undefined ? undefined : read_cursor(cursor, parts);
  return { limit: limit === undefined ? page_rows_default : Number(limit), after };
}

/** `rows` holds one more than the page, when there is more. */
export const page_reply = <R>(...given: Parameters<typeof page_body<R>>): Reply => ({ status: 200, body: page_body(...given) });

/** As a reply's, for replies that say more beside it. */
export function page_body<R>(rows: readonly R[], page: Page, key_of: (row: R) => readonly string[], shown: (row: R) => Json) {
  const data = rows.slice(0, page.limit);
  const last = data.at(-1);
  const more = rows.length > page.limit && last !== undefined;
  return { data: data.map(shown), next_cursor: more ? write_cursor(key_of(last)) : null };
}

function write_cursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function read_cursor(cursor: string, parts: readonly KeyPart[]): readonly string[] {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw bad_cursor();
  }
  if (!Array.isArray(key) || key.length !== parts.length) throw bad_cursor();
  return key.map((value: unknown, place) => {
    if (typeof value !== 'string' || !fits(value, parts[place])) throw bad_cursor();
    return value;
  });
}

function fits(value: string, part: KeyPart | undefined): boolean {
  return part === 'instant' ? is_instant(value) : part?.test(value) === true;
}

/** A time as `toISOString` writes it, of the years 1 to 9999; no 31st of February, which Date takes for the 3rd of March. */
export function is_instant(text: string): boolean {
  const time = Date.parse(text);
  return /^(?!0000)\d{4}-/.test(text) && !Number.isNaN(time) && new Date(time).toISOString() === text;
}

function bad_cursor(): Problem {
  return new Problem(422, 'format', '/query/cursor is not valid (format).', { errors: [{ pointer: '/query/cursor', code: 'format' }] });
}
