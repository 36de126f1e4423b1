/**
 * Built pages of this origin: the console and the shop, from the folders into which `npm run build` (or the start of `up`) put them. They are users of the public
 * API like anybody; all that makes them special is that the door hands them out. A few small files: kept in memory, zipped once.
 */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type HttpServer, not_found } from '../platform/http.ts';
import type { Json } from '../platform/service.ts';
import { mount_front } from './front.ts';
import { page_headers } from './page_headers.ts';

export interface Site {
  /** `/shop/`: with a slash at both ends. */
  readonly prefix: string;
  /** Where its build lies: index.html, assets/, and `built_from`, which changes with every build. */
  readonly folder: string;
}
export interface PagesGiven {
  readonly sites: readonly Site[];
  /** What the shop's page may know of this installation. Undefined: 404. */
  shop_config(): Promise<Json | undefined>;
}

/** What a build leaves last: the pages are whole when it is there. */
export const stamp_file = 'built_from';

const content_types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
const not_built_retry_s = 2;

interface File {
  readonly bytes: Buffer;
  readonly zipped: Buffer;
  readonly type: string;
}
/** A build as it lay there when `stamp` was read. */
interface Built {
  readonly stamp: string;
  readonly files: ReadonlyMap<string, File>;
}

/** Before the door listens. */
export function mount_pages(server: HttpServer, { sites, shop_config }: PagesGiven): void {
  const get = (url: string, handle: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>) => {
    server.paths.push({ method: 'GET', pattern: new RegExp(`^${url.replace('*', '.*')}$`) });
    server.fastify.get(url, handle);
  };
  const builds = new Map(sites.map(({ prefix, folder }) => [prefix, current_build(folder)]));
  for (const [prefix, build] of builds) {
    get(prefix.slice(0, -1), async (_request, reply) => reply.headers(page_headers).redirect(prefix, 308));
    get(`${prefix}*`, async (request, reply) => send_page(await build(), prefix, request, reply));
  }
  get('/shop/config.json', async (_request, reply) => {
    const config = await shop_config();
    if (config === undefined) throw not_found();
    return reply
      .headers(page_headers)
      .header('cache-control', 'no-store')
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(config));
  });
  mount_front(server, {
    is_built: async prefix => (await builds.get(prefix)?.()) !== undefined,
    sells: async () => (await shop_config()) !== undefined,
  });
}

function send_page(built: Built | undefined, prefix: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = (request.url.split('?', 1)[0] ?? '').slice(prefix.length);
  reply.headers(page_headers);
  if (built === undefined) return send_not_built(prefix, reply);
  const name = built.files.has(path) || !is_page(path, request.headers.accept) ? path : 'index.html';
  const file = built.files.get(name);
  if (file === undefined) throw not_found();
  const zipped = file.zipped.length < file.bytes.length && takes_gzip(request.headers['accept-encoding']);
  if (zipped) reply.header('content-encoding', 'gzip');
  return (
    reply
      .header('vary', 'Accept-Encoding')
      // The build names what stands in assets/ by its content.
      .header('cache-control', name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-store')
      .type(file.type)
      .send(zipped ? file.zipped : file.bytes)
  );
}

/**
 * A page's own address, /shop/products/TEA say, is the script's to read. SKUs have dots as files have: then it is a page when a person goes there, for a browser
 * asks for pages as text/html and for nothing else so. A file that is not there is not there.
 */
function is_page(path: string, accept: string | undefined): boolean {
  const has_dot = path.slice(path.lastIndexOf('/') + 1).includes('.');
  return !path.startsWith('assets/') && (!has_dot || accept?.includes('text/html') === true);
}

/** Served by an installation without Vite (`npm ci --omit=dev`), and for the seconds of the first build. */
function send_not_built(prefix: string, reply: FastifyReply): FastifyReply {
  return reply
    .code(503)
    .header('retry-after', not_built_retry_s)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Not built yet</title></head>
<body>
<h1>${prefix} is not built yet</h1>
<p>Run <code>npm ci &amp;&amp; npm run build</code> in Cartwright's folder, then load this page again. <code>npm start</code> does it by itself where the development packages are installed.</p>
<p>The API works without it: its reference page is at <a href="/docs">/docs</a>.</p>
</body>
</html>
`);
}

function takes_gzip(accepted: string | string[] | undefined): boolean {
  return String(accepted ?? '')
    .split(',')
    .some(coding => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}

/** Read again when a build has replaced it; undefined while there is none. */
function current_build(folder: string): () => Promise<Built | undefined> {
  let built: Built | undefined;
  return async () => {
    const stamp = await readFile(join(folder, stamp_file), 'utf8').catch(() => undefined);
    if (stamp === undefined) return undefined;
    if (built?.stamp !== stamp) built = { stamp, files: await read_files(folder) };
    return built;
  };
}

async function read_files(folder: string): Promise<ReadonlyMap<string, File>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile() && extname(entry.name) in content_types);
  return new Map(
    await Promise.all(
      files.map(async (entry): Promise<[string, File]> => {
        const bytes = await readFile(join(entry.parentPath, entry.name));
        const name = join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/');
        return [name, { bytes, zipped: await promisify(gzip)(bytes, { level: 9 }), type: content_types[extname(entry.name)] ?? '' }];
      }),
    ),
  );
}
