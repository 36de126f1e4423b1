/** The routes of stock and locations (api.md 2). */
import Type from 'typebox';
import { import_reply } from '../../contracts/imports.ts';
import type { InventoryEvent } from '../../contracts/index.ts';
import { not_found } from '../../platform/http.ts';
import { page_reply, page_schema, paging, read_page } from '../../platform/pages.ts';
import { Problem, type Reply, type Route, type RouteRequest, type Submitted } from '../../platform/route.ts';
import { item_id } from './model.ts';
import type { InventoryRejection } from './rejections.ts';
import {
  type AdjustmentBody,
  adjustment_body,
  type InspectionBody,
  inspection_body,
  type LocationBody,
  location_body,
  location_schema,
  movement_schema,
  movements_schema,
  type PolicyBody,
  policy_body,
  stock_item_schema,
  stock_query,
  stock_schema,
} from './schemas.ts';
import { import_stock_lines } from './stock_import.ts';
import {
  type InventoryDesk,
  list_locations,
  list_movements,
  list_stock,
  shown_location,
  shown_movement,
  shown_stock,
  shown_stock_item,
  stock_of,
} from './views.ts';

const inspection_reason = 'inspection';

export function inventory_routes(desk: InventoryDesk): Route[] {
  return [...location_routes(desk), ...stock_routes(desk), ...stock_change_routes(desk)];
}

function location_routes(desk: InventoryDesk): Route[] {
  return [
    {
      method: 'PUT',
      path: '/v1/locations/:code',
      summary: 'Put a location: a warehouse or a store that ships',
      audit: { action: 'location.changed' },
      scope: 'stock:write',
      body: location_body,
      replies: { 200: location_schema },
      rejections: ['version_conflict', 'too_many_locations'],
      handle: request => replace_location(desk, request),
    },
    {
      method: 'GET',
      path: '/v1/locations',
      summary: 'All locations',
      scope: 'stock:read',
      query: Type.Object(paging),
      replies: { 200: page_schema(location_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, [code_pattern]);
        return page_reply(await list_locations(desk, page), page, row => [row.id], shown_location);
      },
    },
  ];
}

function stock_routes(desk: InventoryDesk): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/stock/:sku',
      summary: 'The stock of a SKU, location by location',
      scope: 'stock:read',
      replies: { 200: stock_schema },
      rejections: ['not_found'],
      async handle(request) {
        const sku = code_in(request, 'sku');
        const rows = await stock_of(desk, sku);
        if (rows.length === 0) throw not_found();
        return { status: 200, body: shown_stock(sku, rows) };
      },
    },
    {
      method: 'GET',
      path: '/v1/stock',
      summary: 'Stock items, by SKU and location',
      scope: 'stock:read',
      query: Type.Object({ ...paging, ...stock_query }),
      replies: { 200: page_schema(stock_item_schema) },
      rejections: [],
      async handle(request) {
        const { location = null, sku_prefix = null, below_reorder_point } = request.query;
        const page = read_page(request, [/^[A-Za-z0-9._-]+@[A-Za-z0-9._-]+$/]);
        const filter = { location, sku_prefix, below_reorder_point: below_reorder_point === 'true' };
        return page_reply(
          await list_stock(desk, filter, page),
          page,
          row => [row.id],
          row => shown_stock_item(row, row.version),
        );
      },
    },
    {
      method: 'GET',
      path: '/v1/stock/:sku/movements',
      summary: 'The ledger of a SKU, newest first',
      scope: 'stock:read',
      query: Type.Object(paging),
      replies: { 200: page_schema(movement_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, [/^\d{1,15}$/]);
        return page_reply(await list_movements(desk, code_in(request, 'sku'), page), page, row => [String(row.no)], shown_movement);
      },
    },
  ];
}

function stock_change_routes(desk: InventoryDesk): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/stock/adjustments',
      summary: 'Adjust the stock of a SKU at a location',
      audit: { action: 'stock.adjusted' },
      scope: 'stock:write',
      body: adjustment_body,
      replies: { 201: movement_schema },
      rejections: ['unknown_location', 'would_break_promises', 'not_enough_units', 'too_many_units'],
      handle: request => adjust(desk, request),
    },
    {
      method: 'POST',
      path: '/v1/stock/inspections',
      summary: 'Take units out of quality control',
      audit: { action: 'stock.inspected' },
      scope: 'stock:write',
      body: inspection_body,
      replies: { 201: movements_schema },
      rejections: ['unknown_location', 'not_enough_units'],
      handle: request => inspect(desk, request),
    },
    {
      method: 'POST',
      path: '/v1/stock/import',
      summary: 'Set the stock of many SKUs, one JSON object a line: { sku, location, on_hand, safety?, backorder_limit? }',
      audit: { action: 'stock.imported' },
      scope: 'stock:write',
      ndjson: true,
      not_idempotent: true,
      replies: { 200: import_reply },
      rejections: ['unknown_location', 'would_break_promises', 'limit_below_backordered'],
      handle: request => import_stock_lines(desk, request),
    },
    {
      method: 'PUT',
      path: '/v1/stock/:sku/:location/policy',
      summary: 'Set what a stock item may promise',
      audit: { action: 'stock_policy.changed' },
      scope: 'stock:write',
      body: policy_body,
      replies: { 200: stock_item_schema },
      rejections: ['unknown_location', 'limit_below_backordered', 'version_conflict'],
      handle: request => set_policy(desk, request),
    },
  ];
}

const code_pattern = /^[A-Za-z0-9._-]{1,64}$/;

function code_in(request: RouteRequest, name: string): string {
  const code = request.params[name] ?? '';
  if (!code_pattern.test(code)) {
    const detail = `A ${name} has 1 to 64 letters, digits and - _ . characters.`;
    throw new Problem(422, 'format', detail, { errors: [{ pointer: `/${name}`, code: 'format', detail }] });
  }
  return code;
}

async function replace_location(desk: InventoryDesk, request: RouteRequest): Promise<Reply> {
  const location_id = code_in(request, 'code');
  // Validated against `body`.
  const { name, address, priority, active } = request.body as LocationBody;
  const given = { name, address, priority, active: active ?? true };
  const command = { type: 'set_location', location_id, ...given, if_version: request.if_match ?? null } as const;
  return reply_of(
    await desk.submit(command, {
      request,
      respond: view => ({
        status: 200,
        body: shown_location({
          id: location_id,
          version: view.version('location', location_id),
          ...(view('location', location_id) ?? given),
        }),
      }),
    }),
  );
}

async function adjust(desk: InventoryDesk, request: RouteRequest): Promise<Reply> {
  // Validated against `body`.
  const { sku, location, kind, quantity, reason, force } = request.body as AdjustmentBody;
  const command = { type: 'adjust_stock', sku, location_id: location, kind, quantity, reason, force: force ?? false } as const;
  return reply_of(
    await desk.submit(command, {
      request,
      respond: (_view, events) => ({ status: 201, body: adjustments_in(events)[0] ?? {} }),
    }),
  );
}

async function inspect(desk: InventoryDesk, request: RouteRequest): Promise<Reply> {
  // Validated against `body`.
  const { sku, location, sellable, damaged, reason } = request.body as InspectionBody;
  if (sellable + damaged === 0) {
    throw new Problem(422, 'required', 'An inspection names at least one unit.', { errors: [{ pointer: '/sellable', code: 'required' }] });
  }
  const command = { type: 'inspect_stock', sku, location_id: location, sellable, damaged, reason: reason ?? inspection_reason } as const;
  return reply_of(
    await desk.submit(command, { request, respond: (_view, events) => ({ status: 201, body: { data: adjustments_in(events) } }) }),
  );
}

/** The movements that a person's decision made, as the ledger will show them. */
function adjustments_in(events: readonly InventoryEvent[]) {
  return events.flatMap(event => {
    if (event.type !== 'stock.adjusted') return [];
    const { sku, location_id, kind, quantity, from_account, to_account, adjustment_id, reason, actor, moved_at } = event.data;
    const accounts = { from_account: from_account ?? '', to_account: to_account ?? '' };
    return [
      shown_movement({
        sku,
        location_id,
        kind,
        quantity,
        ...accounts,
        cause_type: 'adjustment',
        cause_id: adjustment_id,
        reason,
        actor,
        moved_at: moved_at ?? '',
      }),
    ];
  });
}

async function set_policy(desk: InventoryDesk, request: RouteRequest): Promise<Reply> {
  const sku = code_in(request, 'sku');
  const location_id = code_in(request, 'location');
  // Validated against `body`.
  const { safety, backorder_limit, low_threshold } = request.body as PolicyBody;
  const policy = { safety: safety ?? null, backorder_limit: backorder_limit ?? null, low_threshold: low_threshold ?? null };
  const command = { type: 'set_stock_policy', sku, location_id, ...policy, if_version: request.if_match ?? null } as const;
  const id = item_id(sku, location_id);
  return reply_of(
    await desk.submit(command, {
      request,
      respond: view => ({ status: 200, body: shown_stock_item(view('stock_item', id), view.version('stock_item', id)) }),
    }),
  );
}

function reply_of(submitted: Submitted<InventoryEvent, InventoryRejection>): Reply {
  if (submitted.reply === undefined) throw new Error(`a command was ${submitted.result} without a reply`);
  return submitted.reply;
}
