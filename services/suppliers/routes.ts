/** The routes of suppliers (api.md 5). Lists: routes_lists.ts; many at once: imports.ts; purchase orders: routes_orders.ts; what suppliers post to us: routes_inbound.ts. */
import { not_found } from '../../platform/http.ts';
import { page_reply, page_schema, read_page } from '../../platform/pages.ts';
import { Problem, type Reply, type Route, type RouteRequest } from '../../platform/route.ts';
import { code_in, invalid, reply_of } from './answers.ts';
import type { AcceptProposal, DismissProposal } from './commands.ts';
import { import_routes } from './imports.ts';
import { item_id } from './model.ts';
import { is_partner_channel } from './model_partners.ts';
import { policy_command } from './policy.ts';
import { inbound_routes } from './routes_inbound.ts';
import { list_routes } from './routes_lists.ts';
import { purchase_order_routes } from './routes_orders.ts';
import {
  type PolicyBody,
  partner_of_channel,
  policy_body,
  policy_schema,
  proposal_schema,
  proposals_query,
  type SupplierBody,
  type SupplierItemBody,
  supplier_body,
  supplier_item_body,
  supplier_item_schema,
  supplier_schema,
} from './schemas.ts';
import {
  created_key,
  created_key_of,
  get_supplier,
  list_proposals,
  place_of_proposal,
  put_supplier,
  put_supplier_item,
  type SuppliersDesk,
  shown_policy,
  shown_proposal,
  shown_supplier,
  shown_supplier_item,
  supplier_of_partner,
} from './views.ts';

/** domain.md U11: 5 % more than ordered is taken. */
export const over_receipt_ppm_default = 50_000;
export const price_tolerance_ppm_default = 20_000;

export interface SuppliersRoutesSettings {
  /** Those that are set up, beside `manual`. */
  readonly channels: readonly string[];
  /** Of documents that come to /inbound/supplier; empty: none are taken. */
  readonly inbound_secret: string;
  /** Of interchanges that come to /inbound/supplier/x12_http; absent: none are taken. */
  readonly x12_secret?: string | undefined;
  /** Of documents that come to /inbound/supplier/peppol; absent: none are taken. */
  readonly peppol_secret?: string | undefined;
}

export function suppliers_routes(desk: SuppliersDesk, settings: SuppliersRoutesSettings): Route[] {
  return [
    ...reference_routes(desk, settings),
    ...import_routes(desk),
    ...list_routes(desk),
    ...replenishment_routes(desk),
    ...purchase_order_routes(desk),
    ...inbound_routes(desk, settings),
  ];
}

function reference_routes(desk: SuppliersDesk, settings: SuppliersRoutesSettings): Route[] {
  return [
    {
      method: 'PUT',
      path: '/v1/suppliers/:code',
      summary: 'Put a supplier',
      audit: { action: 'supplier.changed' },
      scope: 'suppliers:write',
      body: supplier_body,
      replies: { 200: supplier_schema },
      rejections: ['channel_not_available', 'required', 'invalid', 'partner_taken', 'version_conflict'],
      handle: request => replace_supplier(desk, settings, request),
    },
    {
      method: 'PUT',
      path: '/v1/suppliers/:code/items/:sku',
      summary: 'Put what a supplier asks for a SKU',
      audit: { action: 'supplier_item.changed' },
      scope: 'suppliers:write',
      body: supplier_item_body,
      replies: { 200: supplier_item_schema },
      rejections: ['not_found', 'version_conflict'],
      handle: request => replace_supplier_item(desk, request),
    },
    {
      method: 'PUT',
      path: '/v1/reorder-policies/:sku/:location',
      summary: 'Say when and how much to buy of a SKU for a location',
      audit: { action: 'reorder_policy.changed' },
      scope: 'suppliers:write',
      body: policy_body,
      replies: { 200: policy_schema },
      rejections: ['unknown_supplier', 'required', 'out_of_range', 'version_conflict'],
      handle: request => set_policy(desk, request),
    },
  ];
}

function replenishment_routes(desk: SuppliersDesk): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/replenishment-proposals',
      summary: 'Replenishment proposals, newest first',
      scope: 'suppliers:read',
      query: proposals_query,
      replies: { 200: page_schema(proposal_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, created_key);
        const { status = null, supplier = null, location = null, sku = null } = request.query;
        const rows = await list_proposals(desk, { status, supplier, location, sku }, page);
        return page_reply(rows, page, created_key_of, row => shown_proposal(row, row.id, row.version));
      },
    },
    {
      method: 'POST',
      path: '/v1/replenishment-proposals/:id/accept',
      summary: 'Make a purchase order of a proposal',
      audit: { action: 'proposal.accepted' },
      scope: 'suppliers:write',
      replies: { 200: proposal_schema },
      rejections: ['not_found', 'invalid_transition', 'unknown_sku', 'total_too_large', 'version_conflict'],
      handle: request => decide_proposal(desk, request, about => ({ type: 'accept_proposal', ...about, po_id: desk.fresh_id('po') })),
    },
    {
      method: 'POST',
      path: '/v1/replenishment-proposals/:id/dismiss',
      summary: 'Drop a proposal; there is no other for a week',
      audit: { action: 'proposal.dismissed' },
      scope: 'suppliers:write',
      replies: { 200: proposal_schema },
      rejections: ['not_found', 'invalid_transition', 'version_conflict'],
      handle: request => decide_proposal(desk, request, about => ({ type: 'dismiss_proposal', ...about })),
    },
  ];
}

async function replace_supplier(desk: SuppliersDesk, settings: SuppliersRoutesSettings, request: RouteRequest): Promise<Reply> {
  const id = code_in(request, 'code');
  // Validated against `body`, here and below.
  const { name, channel, currency, over_receipt_ppm, price_tolerance_ppm } = request.body as SupplierBody;
  const { kind, partner = null } = channel;
  if (kind !== 'manual' && !settings.channels.includes(kind)) {
    throw new Problem(
      422,
      'channel_not_available',
      `The channel ${kind} is not set up here. There are manual, ${settings.channels.join(', ')}.`,
    );
  }
  if (is_partner_channel(kind) && !partner_of_channel[kind].pattern.test(partner ?? ''))
    throw invalid('/channel/partner', 'required', `The channel needs a partner: ${partner_of_channel[kind].what}.`);
  if (!is_partner_channel(kind) && partner !== null) throw invalid('/channel/partner', 'invalid', `The channel ${kind} has no partners.`);
  const other = partner === null ? undefined : await supplier_of_partner(desk, partner, id);
  if (other !== undefined)
    throw new Problem(409, 'partner_taken', `${partner} is ${other} already: documents are believed by their sender.`);
  const tolerances = {
    over_receipt_ppm: over_receipt_ppm ?? over_receipt_ppm_default,
    price_tolerance_ppm: price_tolerance_ppm ?? price_tolerance_ppm_default,
  };
  const stored = await put_supplier(desk, { id, name, channel: kind, partner, currency, ...tolerances }, request.if_match ?? null);
  if (stored === undefined) throw version_conflict();
  return { status: 200, body: shown_supplier(stored) };
}

async function replace_supplier_item(desk: SuppliersDesk, request: RouteRequest): Promise<Reply> {
  const supplier = await get_supplier(desk, code_in(request, 'code'));
  const sku = code_in(request, 'sku');
  if (supplier === undefined) throw not_found();
  const { preferred, inspect, ...body } = request.body as SupplierItemBody;
  const row = { supplier_id: supplier.id, sku, ...body, preferred: preferred ?? false, inspect: inspect ?? false };
  const stored = await put_supplier_item(desk, row, request.if_match ?? null);
  if (stored === undefined) throw version_conflict();
  return { status: 200, body: shown_supplier_item(stored, supplier.currency) };
}

function version_conflict(): Problem {
  return new Problem(412, 'version_conflict', 'The object has another version by now.');
}

async function set_policy(desk: SuppliersDesk, request: RouteRequest): Promise<Reply> {
  const sku = code_in(request, 'sku');
  const location_id = code_in(request, 'location');
  const command = policy_command(sku, location_id, request.body as PolicyBody, request.if_match ?? null);
  const id = item_id(sku, location_id);
  return reply_of(
    await desk.submit(command, {
      request,
      respond: view => ({ status: 200, body: shown_policy(view('supply_item', id), view.version('supply_item', id)) }),
    }),
  );
}

type About = Pick<DismissProposal, 'proposal_id' | 'item_id' | 'if_version'>;

async function decide_proposal(
  desk: SuppliersDesk,
  request: RouteRequest,
  command_of: (about: About) => AcceptProposal | DismissProposal,
): Promise<Reply> {
  const proposal_id = request.params['id'] ?? '';
  const place = await place_of_proposal(desk, proposal_id);
  if (place === undefined) throw not_found();
  const about = { proposal_id, item_id: item_id(place.sku, place.location_id), if_version: request.if_match ?? null };
  return reply_of(
    await desk.submit(command_of(about), {
      request,
      respond: view => ({
        status: 200,
        body: shown_proposal(view('proposal', proposal_id), proposal_id, view.version('proposal', proposal_id)),
      }),
    }),
  );
}
