/** Lists of the API: `?limit=&cursor=`, newest first, a cursor that stays good while rows are added. */
import Type, { type TSchema } from 'typebox';
import { Problem, type Reply, type RouteRequest } from '../../platform/route.ts';
import type { Row } from '../../platform/service.ts';

export const page_rows_max = 200;
export const page_rows_default = 50;

/** Into the query schema of every list. */
export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: page_rows_max, default: page_rows_default })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
};
export const page_schema = (item: TSchema) =>
  Type.Object({ data: Type.Array(item), next_cursor: Type.Union([Type.String(), Type.Null()]) });

export interface Page {
  readonly limit: number;
  /** Of the last row shown; null on the first page. */
  readonly after: { readonly created_at: string; readonly id: string } | null;
}
const key_pattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z) ([a-z0-9_]{1,60})$/;

/** Errors: 422 `format` for a cursor that is none of ours. */
export function read_page({ query: { limit, cursor } }: RouteRequest): Page {
  const rows = limit === undefined ? page_rows_default : Number(limit);
  if (cursor === undefined) return { limit: rows, after: null };
  const [, created_at, id] = key_pattern.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (created_at === undefined || id === undefined || !is_time(created_at)) {
    throw new Problem(422, 'format', '/query/cursor is not valid (format).', { errors: [{ pointer: '/query/cursor', code: 'format' }] });
  }
  return { limit: rows, after: { created_at, id } };
}

/** Of the years 1 to 9999, and no 31st of February, which Date takes for the 3rd of March. */
function is_time(text: string): boolean {
  const time = Date.parse(text);
  return !text.startsWith('0000') && !Number.isNaN(time) && new Date(time).toISOString() === text;
}

/** `rows` holds one more than the page, when there is more. */
export function page_reply<R extends { readonly id: string; readonly created_at: string }>(
  rows: readonly R[],
  page: Page,
  shown: (row: R) => Row,
): Reply {
  const data = rows.slice(0, page.limit);
  const last = data.at(-1);
  const more = rows.length > page.limit && last !== undefined;
  return { status: 200, body: { data: data.map(shown), next_cursor: more ? cursor_of(last) : null } };
}
function cursor_of({ created_at, id }: { readonly created_at: string; readonly id: string }): string {
  return Buffer.from(`${created_at} ${id}`).toString('base64url');
}
