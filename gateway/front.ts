/** `GET /`: what answers here, for whoever types the address alone. It names what this process serves, and nothing of what it is made of. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpServer } from '../platform/http.ts';
import { page_headers } from './page_headers.ts';

export interface FrontGiven {
  /** Whether a site's pages can be handed out now. */
  is_built(prefix: string): Promise<boolean>;
  /** The shop of the demo has a key to sell with. */
  sells(): Promise<boolean>;
}

interface Place {
  readonly href: string;
  readonly name: string;
  readonly what: string;
  readonly is_there: () => boolean | Promise<boolean>;
}

const what_it_is = 'The open checkout backend: everything between the Pay button and the parcel at the door.';
const style_path = '/front.css';

/** After everything else is mounted on it, before the door listens. */
export function mount_front(server: HttpServer, given: FrontGiven): void {
  const places = places_of(server, given);
  const get = (url: string, handle: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>) => {
    server.paths.push({ method: 'GET', pattern: new RegExp(`^${url.replace('.', '\\.')}$`) });
    server.fastify.get(url, handle);
  };
  get('/', async (request, reply) => {
    const there = await Promise.all(places.map(place => place.is_there()));
    const named = places.filter((_place, index) => there[index]);
    reply.headers(page_headers).header('vary', 'Accept').header('cache-control', 'no-store');
    if (asks_for_json(request.headers.accept)) return reply.type('application/json; charset=utf-8').send(JSON.stringify(document(named)));
    return reply.type('text/html; charset=utf-8').send(page(named));
  });
  get(style_path, async (_request, reply) =>
    reply.headers(page_headers).header('cache-control', 'no-store').type('text/css; charset=utf-8').send(style),
  );
}

/** Read from what is mounted: a process of some services, or one whose pages were not built, names the rest. */
function places_of({ fastify }: HttpServer, { is_built, sells }: FrontGiven): readonly Place[] {
  const has = (method: 'GET' | 'POST', url: string) => fastify.hasRoute({ method, url });
  return [
    {
      href: '/shop/',
      name: 'Shop',
      what: 'Buy something. No card is charged.',
      is_there: async () => has('POST', '/v1/orders') && (await sells()) && is_built('/shop/'),
    },
    {
      href: '/console/',
      name: 'Console',
      what: 'See every order’s story, and steer it: for staff, with a name and a password.',
      is_there: () => is_built('/console/'),
    },
    { href: '/docs', name: 'API', what: 'The reference of every address, to read and to try.', is_there: () => has('GET', '/docs/') },
    { href: '/openapi.json', name: 'OpenAPI', what: 'The same for programs.', is_there: () => has('GET', '/openapi.json') },
    { href: '/asyncapi.json', name: 'AsyncAPI', what: 'The events, for programs.', is_there: () => has('GET', '/asyncapi.json') },
  ];
}

/** A browser names text/html, a program that wants a document names JSON alone. */
function asks_for_json(accept: string | undefined): boolean {
  return accept?.includes('application/json') === true && !accept.includes('text/html');
}

function document(places: readonly Place[]): object {
  return { name: 'Cartwright', description: what_it_is, links: places.map(({ href, name, what }) => ({ href, name, description: what })) };
}

function page(places: readonly Place[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${what_it_is}">
<title>Cartwright</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${style_path}">
</head>
<body>
<main>
<h1>Cartwright</h1>
<p>${what_it_is}</p>
<ul>
${places.map(({ href, name, what }) => `<li><a href="${href}">${name}</a> <span>${what}</span></li>`).join('\n')}
</ul>
</main>
</body>
</html>
`;
}

/** In an address of its own: the policy lets nothing inline in. */
const style = `:root {
  color-scheme: light dark;
  font: 1.0625rem/1.6 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color: light-dark(#2a231f, #f3ebe1);
  background: light-dark(#faf6ef, #181513);
}
body { margin: 0; }
main { max-width: 34rem; margin: 0 auto; padding: clamp(2rem, 12vh, 7rem) 1.25rem 2rem; }
h1 { margin: 0; font-size: 2.25rem; line-height: 1.2; }
ul { margin: 2rem 0 0; padding: 0; list-style: none; border-top: 1px solid light-dark(#e4d9c8, #3b342e); }
li { display: grid; grid-template-columns: 6rem 1fr; gap: 0 0.75rem; padding: 0.75rem 0; border-bottom: 1px solid light-dark(#e4d9c8, #3b342e); }
a { justify-self: start; font-weight: 600; color: light-dark(#a23f28, #f0a084); text-underline-offset: 0.2em; }
a:focus-visible { outline: 3px solid currentcolor; outline-offset: 3px; }
span { color: light-dark(#655a52, #b9ac9d); }
`;
