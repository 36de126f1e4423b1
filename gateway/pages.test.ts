import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { HttpServer } from '../platform/http.ts';
import type { Door } from './door.ts';
import { mount_pages, stamp_file } from './pages.ts';
import { secret_key, test_door } from './testing/door.ts';

const folder = mkdtempSync(join(tmpdir(), 'cartwright-pages-'));
const page = `<!doctype html><title>shop</title>${'<p>tea</p>'.repeat(50)}`;
const script = `export const tea = '${'leaf '.repeat(100)}';`;
const config = { publishable_key: 'pk_test_of_the_door', currency: 'GBP', api: '/v1' };
let knows_key = true;
function build(stamp: string, html = page): void {
  mkdirSync(join(folder, 'shop', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'shop', 'index.html'), html);
  writeFileSync(join(folder, 'shop', 'assets', 'index-1a2b.js'), script);
  writeFileSync(join(folder, 'shop', 'private.pem'), secret_key);
  writeFileSync(join(folder, 'shop', stamp_file), stamp);
}
build('first');
writeFileSync(join(folder, 'outside.html'), secret_key);

function build_console(): void {
  mkdirSync(join(folder, 'console'));
  writeFileSync(join(folder, 'console', 'index.html'), page);
  writeFileSync(join(folder, 'console', stamp_file), 'first');
}

const extend_with_pages = (server: HttpServer) =>
  mount_pages(server, {
    sites: [
      { prefix: '/shop/', folder: join(folder, 'shop') },
      { prefix: '/console/', folder: join(folder, 'console') },
    ],
    shop_config: async () => (knows_key ? config : undefined),
  });
const house = await test_door();
const door: Door = await house.open({}, { extend: extend_with_pages });
after(async () => {
  await door.close();
  await house.close();
  rmSync(folder, { recursive: true });
});
const get = (path: string, init: RequestInit = {}) => fetch(door.url + path, { redirect: 'manual', ...init });

test('a page is one file below its prefix, never stored, under a policy without exceptions', async () => {
  for (const path of ['/shop/', '/shop/products/TEA-ASSAM', '/shop/orders/ord_1?payment_intent=pi_1']) {
    const reply = await get(path);
    assert.deepEqual([reply.status, await reply.text()], [200, page], path);
    const policy = reply.headers.get('content-security-policy') ?? '';
    for (const part of ["default-src 'self'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "object-src 'none'"])
      assert.ok(policy.includes(part), part);
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.deepEqual(
      ['cache-control', 'x-content-type-options', 'referrer-policy', 'content-type'].map(name => reply.headers.get(name)),
      ['no-store', 'nosniff', 'no-referrer', 'text/html; charset=utf-8'],
    );
  }
});

test('what is named by its content is kept for ever, and zipped for whoever takes that', async () => {
  const reply = await raw('/shop/assets/index-1a2b.js', { 'accept-encoding': 'br;q=1, gzip;q=0.5' });
  assert.deepEqual(
    [reply.status, reply.headers['cache-control'], reply.headers['content-encoding'], reply.headers['vary']],
    [200, 'public, max-age=31536000, immutable', 'gzip', 'Accept-Encoding'],
  );
  assert.equal(gunzipSync(reply.body).toString(), script);
  for (const refused of ['identity', 'gzip;q=0', 'gzip; q=0.0', '']) {
    const plain = await raw('/shop/assets/index-1a2b.js', { 'accept-encoding': refused });
    assert.deepEqual([plain.headers['content-encoding'], plain.body.toString()], [undefined, script], refused);
  }
});

test('a file that is not of the build is nowhere, whatever way it is asked for', async () => {
  const paths = [
    '/shop/assets/index-0000.js',
    '/shop/private.pem',
    `/shop/${stamp_file}.txt`,
    '/shop/../outside.html',
    '/shop/%2e%2e/outside.html',
    '/shop/..%2foutside.html',
    '/shop/assets/../../outside.html',
    '/shopping/',
    '/shop.html',
  ];
  for (const path of paths) {
    const reply = await raw(path);
    assert.equal(reply.status, 404, path);
    assert.match(String(reply.headers['content-type']), /problem\+json/, path);
    assert.ok(!reply.body.toString().includes(secret_key));
  }
});

test('a page whose address ends in a SKU with a dot is a page to who goes there, and no file to a script', async () => {
  const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const page = await raw('/shop/products/85123A.2', html);
  assert.deepEqual([page.status, page.headers['content-type']], [200, 'text/html; charset=utf-8']);
  assert.equal((await raw('/shop/products/85123A.2')).status, 404);
  assert.equal((await raw('/shop/assets/index-0000.js', html)).status, 404);
});

test('without its slash it leads there; other methods are refused', async () => {
  const reply = await get('/shop');
  assert.deepEqual([reply.status, reply.headers.get('location')], [308, '/shop/']);
  const posted = await get('/shop/', { method: 'POST' });
  assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
  assert.equal((await get('/shop/', { method: 'HEAD' })).status, 200);
});

test('the address alone names what is there, as a page and for programs', async () => {
  const reply = await get('/', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
  const html = await reply.text();
  const links = [...html.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href);
  assert.deepEqual([reply.status, links], [200, ['/shop/', '/openapi.json', '/asyncapi.json']], 'neither the console nor /docs is here');
  assert.equal(reply.headers.get('content-security-policy'), (await get('/shop/')).headers.get('content-security-policy'));
  assert.doesNotMatch(html, /<(style|script)|style=|(sk|pk)_/);
  const style = await get(/<link rel="stylesheet" href="([^"]+)"/.exec(html)?.[1] ?? '');
  assert.deepEqual([style.status, style.headers.get('content-type')], [200, 'text/css; charset=utf-8']);
  const document = await get('/', { headers: { accept: 'application/json' } });
  const told = (await document.json()) as { links: { href: string }[] };
  assert.equal(document.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.deepEqual(
    told.links.map(link => link.href),
    links,
  );
  for (const href of links) assert.equal((await get(href ?? '')).status, 200, href);
  const posted = await get('/', { method: 'POST' });
  assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
});

test('what was never built says what to do', async () => {
  const reply = await get('/console/');
  assert.deepEqual([reply.status, reply.headers.get('retry-after')], [503, '2']);
  assert.match(await reply.text(), /npm run build/);
});

test('the address alone names the reference where it is shown, and no shop that could not sell', async () => {
  knows_key = false;
  build_console();
  assert.deepEqual(await named(door.url), ['/console/', '/openapi.json', '/asyncapi.json'], 'the shop has no key');
  knows_key = true;
  const other = await house.open({ reference: true }, { routes: [], extend: extend_with_pages });
  assert.deepEqual(await named(other.url), ['/console/', '/docs', '/openapi.json', '/asyncapi.json'], 'nobody takes orders');
  assert.equal((await fetch(`${other.url}/docs`)).status, 200);
  await other.close();
});

test('a new build takes the old one’s place without a start', async () => {
  build('second', '<!doctype html><title>new</title>');
  assert.match(await (await get('/shop/')).text(), /new/);
  build('third');
});

test('the shop is told its key where there is one', async () => {
  const reply = await get('/shop/config.json');
  assert.deepEqual([reply.status, reply.headers.get('cache-control'), await reply.json()], [200, 'no-store', config]);
  knows_key = false;
  assert.equal((await get('/shop/config.json')).status, 404);
  knows_key = true;
});

/** As it is written: fetch mends paths, and unpacks by itself. */
function raw(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(door.url);
    request({ hostname, port, path, headers }, response => {
      const parts: Buffer[] = [];
      response.on('data', part => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }));
    })
      .on('error', reject)
      .end();
  });
}

async function named(url: string): Promise<string[]> {
  const reply = await fetch(url, { headers: { accept: 'application/json' } });
  return ((await reply.json()) as { links: { href: string }[] }).links.map(link => link.href);
}
