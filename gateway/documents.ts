/** What the door says about itself, to anybody: health, the API, the events. */
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { asyncapi_document, data_schema } from '../contracts/asyncapi.ts';
import { is_event_type } from '../contracts/index.ts';
import { not_found } from '../platform/http.ts';
import { Problem, type Reply, type Route } from '../platform/route.ts';
import type { Json } from '../platform/service.ts';
import { openapi_document } from './openapi.ts';

export interface DocumentsGiven {
  /** All routes that are mounted, for the description of the API. */
  readonly routes: readonly Route[];
  base_url(): string;
  /** What is missing to serve: empty when ready. */
  not_ready(): Promise<readonly string[]>;
}

/** Public, and outside /v1: never limited, never cached by mistake. */
export function document_routes(given: DocumentsGiven): readonly Route[] {
  return [
    ...health_routes(given.not_ready),
    document(
      '/openapi.json',
      'This API (OpenAPI 3.1)',
      once(() => openapi_document(given.routes, given.base_url())),
    ),
    document(
      '/asyncapi.json',
      'The events (AsyncAPI 3)',
      once(() => asyncapi_document(given.base_url())),
    ),
    document('/schemas/:type/:version', "The JSON Schema of an event's data", async ({ params }) => {
      const type = params['type'] ?? '';
      if (!is_event_type(type) || params['version'] !== '1') throw not_found();
      return ok(data_schema(type, given.base_url()));
    }),
  ];
}

export function health_routes(not_ready: DocumentsGiven['not_ready']): readonly Route[] {
  return [
    document('/healthz', 'The process lives', async () => ok({ status: 'ok' })),
    document('/readyz', 'The process can serve', async () => {
      const missing = await not_ready();
      if (missing.length > 0) throw new Problem(503, 'not_ready', `Not ready: ${missing.join(', ')}.`, { headers: { 'retry-after': '2' } });
      return ok({ status: 'ready' });
    }),
  ];
}

function document(path: string, summary: string, handle: Route['handle']): Route {
  return {
    method: 'GET',
    path,
    summary,
    scope: 'public',
    replies: { 200: Type.Object({}, { additionalProperties: true }) },
    rejections: [],
    handle,
  };
}

function ok(body: Json): Reply {
  return { status: 200, body };
}

/** Made when first asked for: start-up does not wait for it. */
function once(make: () => Json): Route['handle'] {
  let made: Reply | undefined;
  return async () => {
    made ??= ok(make());
    return made;
  };
}

/** The reference page, with its script from this server. A page of its own origin that nobody may frame. */
export async function mount_reference(app: FastifyInstance): Promise<void> {
  // Four megabytes of script: loaded only by processes that show it.
  const { default: reference } = await import('@scalar/fastify-api-reference');
  await app.register(reference, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Cartwright API',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      mcp: { disabled: true },
      agent: { disabled: true },
    },
    hooks: {
      onRequest: (_request, reply, done) => {
        reply.header('content-security-policy', "frame-ancestors 'none'").header('x-content-type-options', 'nosniff');
        done();
      },
    },
  });
}
