/** What the office reads of suppliers beside purchase orders: who they are, what they offer, what is bought when, who waits for what. */
import Type from 'typebox';
import { At } from '../../contracts/index.ts';
import { not_found } from '../../platform/http.ts';
import { type KeyPart, page_reply, page_rows_default, page_schema, paging, read_page } from '../../platform/pages.ts';
import type { Route } from '../../platform/route.ts';
import { code_in } from './answers.ts';
import { code_pattern, interchange_schema, policy_schema, supplier_item_schema, supplier_schema } from './schemas.ts';
import { get_supplier, type SuppliersDesk, shown_supplier, shown_supplier_item } from './views.ts';
import {
  list_backorders,
  list_interchanges,
  list_policies,
  list_supplier_items,
  list_suppliers,
  shown_backorder,
  shown_interchange_row,
  shown_policy_row,
} from './views_lists.ts';

const Code = () => Type.Optional(Type.String({ pattern: code_pattern.source }));
const place_query = { sku: Code(), location: Code() };
const item_key: readonly KeyPart[] = [/^[A-Za-z0-9._-]{1,64}@[A-Za-z0-9._-]{1,64}$/];
const received_key: readonly KeyPart[] = ['instant', /^[a-z0-9_]{1,60}$/];
const nullable_text = Type.Union([Type.String(), Type.Null()]);

const { id, channel, partner, control_number, status, received_at } = interchange_schema.properties;
const interchange_row_schema = Type.Object({
  ...{ id, channel, partner, control_number, status, received_at },
  waits_for_person: Type.Boolean({ description: 'Something about it is an open exception' }),
});
const backorder_schema = Type.Object({
  order_id: Type.String(),
  line_id: Type.String(),
  sku: Type.String(),
  location: Type.String(),
  quantity: Type.Integer(),
  priority: Type.Integer(),
  requested_at: At(),
  pegs: Type.Array(
    Type.Object({
      quantity: Type.Integer(),
      purchase_order_id: nullable_text,
      line_id: nullable_text,
      expected_at: Type.Union([At(), Type.Null()]),
    }),
    { description: 'The purchase orders whose units it will get; without an id: nothing that comes covers it yet' },
  ),
});

export function list_routes(desk: SuppliersDesk): Route[] {
  return [...supplier_routes(desk), ...planning_routes(desk), interchanges_route(desk)];
}

function supplier_routes(desk: SuppliersDesk): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/suppliers',
      summary: 'Suppliers, by code',
      scope: 'suppliers:read',
      query: Type.Object(paging),
      replies: { 200: page_schema(supplier_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, [code_pattern]);
        return page_reply(await list_suppliers(desk, page), page, row => [row.id], shown_supplier);
      },
    },
    {
      method: 'GET',
      path: '/v1/suppliers/:code',
      summary: 'A supplier',
      scope: 'suppliers:read',
      replies: { 200: supplier_schema },
      rejections: ['not_found'],
      async handle(request) {
        const supplier = await get_supplier(desk, code_in(request, 'code'));
        if (supplier === undefined) throw not_found();
        return { status: 200, body: shown_supplier(supplier) };
      },
    },
    {
      method: 'GET',
      path: '/v1/suppliers/:code/items',
      summary: 'What a supplier offers, by SKU',
      scope: 'suppliers:read',
      query: Type.Object(paging),
      replies: { 200: page_schema(supplier_item_schema) },
      rejections: ['not_found'],
      async handle(request) {
        const page = read_page(request, [code_pattern]);
        const supplier = await get_supplier(desk, code_in(request, 'code'));
        if (supplier === undefined) throw not_found();
        const rows = await list_supplier_items(desk, supplier.id, page);
        return page_reply(
          rows,
          page,
          row => [row.sku],
          row => shown_supplier_item(row, supplier.currency),
        );
      },
    },
  ];
}

function planning_routes(desk: SuppliersDesk): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/reorder-policies',
      summary: 'When and how much is bought of what, by SKU and location',
      scope: 'suppliers:read',
      query: Type.Object({ ...paging, ...place_query }),
      replies: { 200: page_schema(policy_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, item_key);
        const { sku = null, location = null } = request.query;
        return page_reply(await list_policies(desk, { sku, location }, page), page, row => [row.id], shown_policy_row);
      },
    },
    {
      method: 'GET',
      path: '/v1/backorders',
      summary: 'The first of the queue that waits for stock, and the purchase orders they are pegged to',
      // A promise is no secret of purchasing: support tells it to buyers.
      scope: 'stock:read',
      query: Type.Object({ limit: paging.limit, ...place_query }),
      replies: { 200: Type.Object({ data: Type.Array(backorder_schema) }) },
      rejections: [],
      async handle({ query }) {
        const { sku = null, location = null, limit = String(page_rows_default) } = query;
        const rows = await list_backorders(desk, { sku, location }, Number(limit));
        return { status: 200, body: { data: rows.map(shown_backorder) } };
      },
    },
  ];
}

function interchanges_route(desk: SuppliersDesk): Route {
  return {
    method: 'GET',
    path: '/v1/interchanges',
    summary: 'Interchanges of suppliers, newest first',
    scope: 'suppliers:read',
    query: Type.Object({
      ...paging,
      partner: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      status: Type.Optional(interchange_schema.properties.status),
    }),
    replies: { 200: page_schema(interchange_row_schema) },
    rejections: [],
    async handle(request) {
      const page = read_page(request, received_key);
      const rows = await list_interchanges(
        desk,
        { partner: request.query['partner'] ?? null, status: request.query['status'] ?? null },
        page,
      );
      return page_reply(rows, page, row => [row.received_at, row.id], shown_interchange_row);
    },
  };
}
