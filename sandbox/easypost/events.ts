/** Events, the webhooks that carry them, and their signature. */
import { createHmac } from 'node:crypto';
import { is_record } from '../faults.ts';
import { parse_json, type Sign, type StandInReply, type StandInRequest, type Webhook } from '../stand_in.ts';
import { type EasyPost, type Endpoint, missing, not_found, number, type PastEvent, reply, second, text, wire } from './objects.ts';

const user_id = 'user_00000000000000000000000000000001';
const page_size_default = 20;
const page_size_max = 100;

/** Keeps the event and gives the webhook to send: none while nobody listens. */
export function webhook(easypost: EasyPost, description: string, result: object, previous_attributes: object = {}): Webhook[] {
  const { sim } = easypost;
  const id = sim.id('evt_');
  const created_at = second(sim.now_ms());
  easypost.events.put(id, { id, description, created_at });
  if (easypost.muted) return [];
  const body = wire({
    ...event_on_wire({ id, description, created_at }),
    previous_attributes,
    updated_at: created_at,
    pending_urls: [...easypost.endpoints.values()].map(endpoint => endpoint.url),
    completed_urls: [],
    result,
  });
  return [{ id, type: description, body }];
}

/** HMAC-SHA256 of the bytes sent, in hex; the secret NFKD-normalized. There is no time in it. */
export function sign(endpoints: () => Iterable<Endpoint>): Sign {
  return ({ body, secret, url }) => {
    const headers: Record<string, string> = {};
    for (const endpoint of endpoints())
      if (endpoint.url === url) for (const { name, value } of endpoint.custom_headers) headers[name] = value;
    const digest = createHmac('sha256', secret.normalize('NFKD')).update(body).digest('hex');
    return { ...headers, 'X-Hmac-Signature': `hmac-sha256-hex=${digest}` };
  };
}

function event_on_wire(event: PastEvent): object {
  return { ...event, mode: 'test', object: 'Event', status: 'pending', user_id };
}

export function list_events(easypost: EasyPost, request: StandInRequest): StandInReply {
  return reply(200, page(easypost.events.newest_first(), request.query, 'events', event_on_wire));
}

export function retrieve_event(easypost: EasyPost, request: StandInRequest): StandInReply {
  const event = easypost.events.get(request.params['id'] ?? '');
  if (event === undefined) return not_found();
  return reply(200, {
    ...event_on_wire(event),
    previous_attributes: {},
    pending_urls: [],
    completed_urls: [],
    updated_at: event.created_at,
  });
}

/** Newest first; `before_id` names the last one of the page before. */
export function page<T extends { readonly id: string }>(
  all: readonly T[],
  query: URLSearchParams,
  name: string,
  on_wire: (each: T) => object,
): object {
  const size = Math.min(page_size_max, number(query.get('page_size')) ?? page_size_default);
  const before = query.get('before_id');
  const rest = before === null ? all : all.slice(all.findIndex(each => each.id === before) + 1);
  return { [name]: rest.slice(0, size).map(on_wire), has_more: rest.length > size };
}

// --- the addresses

/** Of a PATCH the official client sends the bare fields. */
function endpoint_fields(request: StandInRequest): Record<string, unknown> | undefined {
  const body = parse_json(request.body);
  if (!is_record(body)) return undefined;
  return is_record(body['webhook']) ? body['webhook'] : body;
}

export async function create_endpoint(easypost: EasyPost, request: StandInRequest): Promise<StandInReply> {
  const fields = endpoint_fields(request);
  const url = text(fields?.['url']);
  if (fields === undefined || url === null || !URL.canParse(url)) return missing('webhook.url');
  const endpoint: Endpoint = {
    id: easypost.sim.id('hook_'),
    url,
    created_at: second(easypost.sim.now_ms()),
    custom_headers: custom_headers(fields['custom_headers']) ?? [],
  };
  easypost.endpoints.put(endpoint.id, endpoint);
  await deliver_to(easypost, endpoint, text(fields['webhook_secret']));
  return reply(201, endpoint_on_wire(endpoint));
}

export async function update_endpoint(easypost: EasyPost, request: StandInRequest): Promise<StandInReply> {
  const endpoint = easypost.endpoints.get(request.params['id'] ?? '');
  if (endpoint === undefined) return not_found();
  const fields = endpoint_fields(request) ?? {};
  const url = text(fields['url']) ?? endpoint.url;
  if (!URL.canParse(url)) return missing('webhook.url');
  const changed: Endpoint = { ...endpoint, url, custom_headers: custom_headers(fields['custom_headers']) ?? endpoint.custom_headers };
  easypost.endpoints.put(changed.id, changed);
  await deliver_to(easypost, changed, text(fields['webhook_secret']));
  return reply(201, endpoint_on_wire(changed));
}

/** The shared part delivers to one address, the last one named; it is told by its own door. */
async function deliver_to(easypost: EasyPost, endpoint: Endpoint, secret: string | null): Promise<void> {
  await tell(easypost, '/__sim/webhook', { url: endpoint.url, ...(secret !== null && { secret }) });
  easypost.muted = false;
}
export async function tell(easypost: EasyPost, path: '/__sim/webhook' | '/__sim/faults', body: object): Promise<void> {
  const answer = await fetch(`${easypost.sim.url()}${path}`, { method: 'POST', body: JSON.stringify(body) });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
}

function custom_headers(value: unknown): Endpoint['custom_headers'] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((each: unknown) => {
    if (!is_record(each) || typeof each['name'] !== 'string' || typeof each['value'] !== 'string') return [];
    return [{ name: each['name'], value: each['value'] }];
  });
}

function endpoint_on_wire({ id, url, created_at, custom_headers }: Endpoint): object {
  return { id, object: 'Webhook', mode: 'test', url, created_at, disabled_at: null, custom_headers };
}

export function list_endpoints(easypost: EasyPost): StandInReply {
  return reply(200, { webhooks: [...easypost.endpoints.values()].map(endpoint_on_wire) });
}

export function retrieve_endpoint(easypost: EasyPost, request: StandInRequest): StandInReply {
  const endpoint = easypost.endpoints.get(request.params['id'] ?? '');
  return endpoint === undefined ? not_found() : reply(200, endpoint_on_wire(endpoint));
}

export function delete_endpoint(easypost: EasyPost, request: StandInRequest): StandInReply {
  const id = request.params['id'] ?? '';
  if (easypost.endpoints.get(id) === undefined) return not_found();
  easypost.endpoints.delete(id);
  if (easypost.endpoints.size === 0) easypost.muted = true;
  return reply(200, {});
}
