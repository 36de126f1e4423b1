/** The OpenAPI 3.1 document, made from the same Route objects that validate and authorize: it cannot disagree with them. */
import type { TSchema } from 'typebox';
import { raw_body } from '../platform/http.ts';
import { status_of_rejection } from '../platform/rejections.ts';
import type { Route } from '../platform/route.ts';
import type { Json } from '../platform/service.ts';
import { closed } from '../platform/strict_json.ts';
import { needs_idempotency_key, wait_seconds_max } from './mount.ts';

type Fields = { readonly [field: string]: Json | undefined };

/** `base_url`: where the API is reached. */
export function openapi_document(routes: readonly Route[], base_url: string): Fields {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:([a-z_]+)/gi, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cartwright',
      version: '1',
      description:
        'The open checkout backend. Amounts are integers in minor units; times are RFC 3339 UTC; ids are opaque. Unknown fields in a request are refused; unknown fields in a reply are to be ignored. An absent optional field and null are the same.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: base_url }],
    tags: [...new Set(routes.map(tag_of))].map(name => ({ name })),
    paths,
    components: {
      schemas: { Problem: problem_schema },
      responses: { Problem: problem_response('An error, in the form of RFC 9457. `code` is listed in docs/rejections.md.') },
      securitySchemes: security_schemes,
    },
  };
}

const security_schemes: Fields = {
  secret_key: { type: 'http', scheme: 'bearer', description: 'A secret key, `sk_…`: for servers. All scopes unless restricted.' },
  publishable_key: { type: 'http', scheme: 'bearer', description: 'A publishable key, `pk_…`: for browsers.' },
  order_token: {
    type: 'http',
    scheme: 'bearer',
    description: 'The `order_token` of the reply that placed the order, `ot_…`: for this one order.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'cartwright_session',
    description: 'Staff, signed in. Unsafe methods also need X-CSRF-Token.',
  },
};

const problem_schema: Fields = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id', 'retryable', 'errors'],
  properties: {
    type: { type: 'string', description: 'urn:cartwright:problem:<code>' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    request_id: { type: 'string' },
    retryable: { type: 'boolean' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code'],
        properties: {
          pointer: { type: 'string', description: 'RFC 6901; of a query parameter: /query/<name>' },
          code: { type: 'string' },
          detail: { type: 'string' },
        },
      },
    },
  },
};

function problem_response(description: string): Fields {
  return { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
}

function tag_of(route: Route): string {
  const [first = '', second = ''] = route.path.split('/').filter(part => part !== '');
  return first === 'v1' ? second : first;
}

function operation(route: Route): Fields {
  const body = request_body(route);
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[^a-z0-9]+/gi, '_').replace(/_$/, '')}`,
    tags: [tag_of(route)],
    summary: route.summary,
    ...(route.scope === 'public' ? {} : { description: `Scope: \`${route.scope}\`.`, 'x-scope': route.scope }),
    ...audited_as(route),
    security: security_of(route),
    parameters: [...path_parameters(route), ...query_parameters(route), ...header_parameters(route)],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...replies(route), ...rejections(route), default: { $ref: '#/components/responses/Problem' } },
  };
}

function audited_as({ audit }: Route): Fields {
  if (audit === undefined) return {};
  return 'none' in audit ? { 'x-not-audited': audit.none } : { 'x-audited-as': audit.action };
}

function security_of(route: Route): Json {
  if (route.scope === 'public') return [];
  const schemes = ['secret_key', 'session', ...(route.also ?? []).map(type => (type === 'pk' ? 'publishable_key' : 'order_token'))];
  return schemes.map(scheme => ({ [scheme]: [] }));
}

function path_parameters(route: Route): Json[] {
  return [...route.path.matchAll(/:([a-z_]+)/gi)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
}

function query_parameters(route: Route): Json[] {
  const schema = route.query === undefined ? {} : json_schema(route.query);
  const properties = fields(schema['properties']);
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).map(([name, property]) => ({ name, in: 'query', required: required.includes(name), schema: property }));
}

function header_parameters(route: Route): Json[] {
  const header = (name: string, required: boolean, description: string, schema: Fields) => ({
    name,
    in: 'header',
    required,
    description,
    schema,
  });
  return [
    ...(needs_idempotency_key(route)
      ? [
          header('Idempotency-Key', true, 'The same key and body again: the first reply again.', {
            type: 'string',
            minLength: 1,
            maxLength: 255,
          }),
        ]
      : []),
    ...(route.method === 'POST' && /^\/v1\/(orders|payments)\b/.test(route.path)
      ? [
          header('Prefer', false, `wait=n: answer when the order has moved on, or after n seconds, at most ${wait_seconds_max}.`, {
            type: 'string',
            examples: ['wait=10'],
          }),
        ]
      : []),
    ...(route.method === 'GET'
      ? []
      : [
          header('If-Match', false, 'The `version` last seen, in quotes: 412 when it is another by now.', {
            type: 'string',
            examples: ['"7"'],
          }),
        ]),
  ];
}

function request_body(route: Route): Fields | undefined {
  if (route.ndjson)
    return {
      required: true,
      content: { 'application/x-ndjson': { schema: { type: 'string', description: 'One JSON object a line, each at most 256 KiB.' } } },
    };
  if (route.body === undefined) return undefined;
  if (route.body === raw_body) return { required: true, content: { '*/*': { schema: {} } } };
  const schema = fields(closed(route.body));
  const required = Array.isArray(schema['required']) && schema['required'].length > 0;
  return { required, content: { 'application/json': { schema } } };
}

function replies(route: Route): Fields {
  return Object.fromEntries(
    Object.entries(route.replies).map(([status, schema]) => {
      const plain = json_schema(schema);
      const description = typeof plain['description'] === 'string' ? plain['description'] : route.summary;
      if (status === '204' || plain['type'] === 'null') return [status, { description }];
      const media_type = typeof plain['contentMediaType'] === 'string' ? plain['contentMediaType'] : 'application/json';
      return [status, { description, content: { [media_type]: { schema: plain } } }];
    }),
  );
}

function rejections(route: Route): Fields {
  const by_status = Object.groupBy(route.rejections, code => String(status_of_rejection(code)));
  return Object.fromEntries(
    Object.entries(by_status).map(([status, codes = []]) => [status, problem_response(codes.map(code => `\`${code}\``).join(', '))]),
  );
}

/** Plain JSON Schema: writing and reading it drops what TypeBox keeps beside it. */
function json_schema(schema: TSchema): Fields {
  return fields(JSON.parse(JSON.stringify(schema)));
}

function fields(value: unknown): Fields {
  // JSON.parse and `closed` give plain JSON only.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
