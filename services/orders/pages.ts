/** Lists of the API: `?limit=&cursor=`, newest first, a cursor that stays good while rows are added. */
import Type, { type TSchema } from 'typebox';
import { Problem, type Reply, type RouteRequest } from '../../platform/route.ts';
import { type Json, unreachable } from '../../platform/service.ts';
import { is_canonical } from './fields.ts';

export const page_rows_max = 200;
export const page_rows_default = 50;

/** Into the query schema of every list. */
export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: page_rows_max, default: page_rows_default })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
};
export const page_schema = (item: TSchema) =>
  Type.Object({ data: Type.Array(item), next_cursor: Type.Union([Type.String(), Type.Null()]) });

export type CursorPart = 'instant' | 'text';
export interface Page {
  readonly limit: number;
  /** The sort key of the last row shown; undefined on the first page. */
  readonly after: readonly string[] | undefined;
}

/** Errors: 422 `format` for a cursor that is none of ours; `parts` says what stands in it. */
export function read_page(request: RouteRequest, parts: readonly CursorPart[]): Page {
  const { limit, cursor } = request.query;
  return {
    limit: limit === undefined ? page_rows_default : Number(limit),
    after: cursor === undefined ? undefined : read_cursor(cursor, parts),
  };
}

/** `rows` holds one more than the page, when there is more. */
export function page_reply<R>(rows: readonly R[], page: Page, key_of: (row: R) => readonly string[], shown: (row: R) => Json): Reply {
  const data = rows.slice(0, page.limit);
  const last = data.at(-1);
  const more = rows.length > page.limit && last !== undefined;
  return { status: 200, body: { data: data.map(shown), next_cursor: more ? write_cursor(key_of(last)) : null } };
}

function write_cursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function read_cursor(cursor: string, parts: readonly CursorPart[]): readonly string[] {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw bad_cursor();
  }
  if (!Array.isArray(key) || key.length !== parts.length) throw bad_cursor();
  return key.map((value: unknown, place) => {
    if (typeof value !== 'string' || !is_part(parts[place] ?? 'text', value)) throw bad_cursor();
    return value;
  });
}

function is_part(part: CursorPart, value: string): boolean {
  switch (part) {
    case 'instant':
      return is_canonical(value);
    case 'text':
      return value.length <= 200 && !/\p{C}/u.test(value);
    default:
      return unreachable(part);
  }
}

function bad_cursor(): Problem {
  return new Problem(422, 'format', '/query/cursor is not valid (format).', { errors: [{ pointer: '/query/cursor', code: 'format' }] });
}
