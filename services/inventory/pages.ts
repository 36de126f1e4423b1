/** Lists of the API: `?limit=&cursor=`, a cursor that stays good while rows are added. */
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
  /** The key of the last row shown; undefined on the first page. */
  readonly after: string | undefined;
}

/** Errors: 422 `format` for a cursor that is none of ours; `key` is what one holds. */
export function read_page(request: RouteRequest, key: RegExp): Page {
  const { limit, cursor } = request.query;
  const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString('utf8');
  if (after !== undefined && !key.test(after)) {
    throw new Problem(422, 'format', '/query/cursor is not valid (format).', { errors: [{ pointer: '/query/cursor', code: 'format' }] });
  }
  return { limit: limit === undefined ? page_rows_default : Number(limit), after };
}

/** `rows` holds one more than the page, when there is more. */
export function page_reply<R>(rows: readonly R[], page: Page, key_of: (row: R) => string, shown: (row: R) => Row): Reply {
  const data = rows.slice(0, page.limit);
  const last = data.at(-1);
  const more = rows.length > page.limit && last !== undefined;
  return { status: 200, body: { data: data.map(shown), next_cursor: more ? Buffer.from(key_of(last)).toString('base64url') : null } };
}
