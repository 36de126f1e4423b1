import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as create_secure_server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { type Address, guarded_lookup, is_public_address, type Resolve, read_url, refusal_of } from './guard.ts';
import { post } from './post.ts';

const public_address: Address = { address: '93.184.215.14', family: 4 };
const resolves_to =
  (...addresses: readonly string[]): Resolve =>
  async () =>
    addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
const guard = (resolve: Resolve = async () => [public_address]) => ({ allow_private: false, resolve });

describe('101: an address of nobody else’s', () => {
  for (const address of [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '168.63.129.16', '169.254.169.254'],
    ...['172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.51.100.7'],
    ...['203.0.113.9', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::1', '100::1'],
    ...['2001::1', '2001:0:4136:e378::1', '2001:20::1', '2001:db8::1', '2002:7f00:1::', '2002:808:808::1', '3fff::1', '5f00::1'],
    ...['fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', '2606:4700::1%eth0', 'fec0::1', 'ff02::1', 'not an address'],
  ])
    it(`is ${address}`, () => assert.equal(is_public_address(address), false));
  for (const address of ['8.8.8.8', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e'])
    it(`is not ${address}`, () => assert.equal(is_public_address(address), true));
});

describe('101: a URL', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['nothing', 'not a URL'],
    ['https://', 'not a URL'],
    ['https://hooks.shop.com/a b', 'not a URL'],
    [`https://hooks.shop.com/${'x'.repeat(2_000)}`, 'not a URL'],
    ['https://[fe80::1%25eth0]/', 'not a URL'],
    ['https://256.256.256.256/', 'not a URL'],
    ['http://hooks.shop.com/', 'it must begin with https://'],
    ['ftp://hooks.shop.com/', 'it must begin with https://'],
    ['file:///etc/passwd', 'it must begin with https://'],
    ['https://user@hooks.shop.com/', 'it must not carry a name or password'],
    ['https://:secret@hooks.shop.com/', 'it must not carry a name or password'],
    ['https://hooks.shop.com:22/', 'its port is not one of 443, 8443'],
    ['https://hooks.shop.com:5432/', 'its port is not one of 443, 8443'],
    ['https://localhost/', 'its host must be a public name'],
    ['https://localhost./', 'its host must be a public name'],
    ['https://a.localhost/', 'its host must be a public name'],
    ['https://LOCALHOST/', 'its host must be a public name'],
    ['https://intranet/', 'its host must be a public name'],
    ['https://metadata.google.internal/', 'its host must be a public name'],
    ['https://printer.local/', 'its host must be a public name'],
    ['https://1.0.0.127.in-addr.arpa/', 'its host must be a public name'],
    ['https://127.0.0.1/', 'its address is not public'],
    ['https://127.1/', 'its address is not public'],
    ['https://2130706433/', 'its address is not public'],
    ['https://0x7f000001/', 'its address is not public'],
    ['https://0x7f.1/', 'its address is not public'],
    ['https://017700000001/', 'its address is not public'],
    ['https://0177.0.0.1/', 'its address is not public'],
    ['https://0/', 'its address is not public'],
    ['https://①②⑦.⓪.⓪.①/', 'its address is not public'],
    ['https://127。0。0。1/', 'its address is not public'],
    ['https://169.254.169.254/latest/meta-data/', 'its address is not public'],
    ['https://[::1]/', 'its address is not public'],
    ['https://[::ffff:127.0.0.1]/', 'its address is not public'],
    ['https://[::ffff:7f00:1]/', 'its address is not public'],
    ['https://[64:ff9b::7f00:1]/', 'its address is not public'],
    ['https://[2002:7f00:1::]/', 'its address is not public'],
    ['https://[fd00:ec2::254]/', 'its address is not public'],
    ['https://134744072/', 'its address must be written plainly'],
    ['https://0x8.8.8.8/', 'its address must be written plainly'],
    ['https://8.8.2056/', 'its address must be written plainly'],
  ];
  for (const [url, why] of refused) it(`is refused: ${url.slice(0, 60)}`, async () => assert.equal(await refusal_of(url, guard()), why));

  it('is taken: https to a public name or address', async () => {
    for (const url of [
      'https://hooks.shop.com',
      'https://hooks.shop.com:8443/in?a=b',
      'https://8.8.8.8/',
      'https://[2606:4700:4700::1111]/',
      'https://bücher.de/',
    ])
      assert.equal(await refusal_of(url, guard()), undefined, url);
  });

  it('is refused when any address of its name is not public, or it has none', async () => {
    const of = (resolve: Resolve) => refusal_of('https://hooks.shop.com/', guard(resolve));
    assert.equal(await of(resolves_to('93.184.215.14', '2606:4700::1')), undefined);
    assert.equal(await of(resolves_to('93.184.215.14', '10.0.0.1')), 'its address is not public');
    assert.equal(await of(resolves_to('::ffff:10.0.0.1')), 'its address is not public');
    assert.equal(await of(resolves_to('fe80::1%eth0')), 'its address is not public');
    assert.equal(await of(resolves_to()), 'its host does not resolve');
    assert.equal(await of(() => Promise.reject(new Error('ENOTFOUND'))), 'its host does not resolve');
  });

  it('may be anything of http in development, but no password', () => {
    assert.ok(read_url('http://127.0.0.1:9000/', true) instanceof URL);
    assert.equal(read_url('http://a:b@127.0.0.1/', true), 'it must not carry a name or password');
    assert.equal(read_url('gopher://127.0.0.1/', true), 'it must begin with https://');
  });
});

describe('102: a connection', () => {
  const signal = () => AbortSignal.timeout(5_000);

  it('is made to the address that was looked at: a name that answers otherwise the second time gains nothing', async t => {
    const inside = create_secure_server((_request, response) => response.writeHead(200).end('inside'));
    let connections = 0;
    inside.on('connection', socket => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>(resolve => inside.listen(0, '127.0.0.1', resolve));
    t.after(() => void inside.close());
    let asked = 0;
    // Public when it is looked at, private when it would be used.
    const rebinding: Resolve = async () => (asked++ === 0 ? [public_address] : [{ address: '127.0.0.1', family: 4 }]);
    assert.equal(await refusal_of('https://rebind.shop.com:8443/', guard(rebinding)), undefined);
    const answer = await post({ url: 'https://rebind.shop.com:8443/', headers: {}, body: '{}' }, guard(rebinding), signal());
    assert.deepEqual(answer, { answer: 'none', detail: 'address_refused' });
    assert.deepEqual([asked, connections], [2, 0]);
  });

  it('asks the name once, and uses what it was told', async t => {
    const server = createServer((request, response) => response.writeHead(200).end(request.headers.host));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    t.after(() => void server.close());
    // `listen` gave it an address of TCP.
    const { port } = server.address() as AddressInfo;
    let asked = 0;
    const resolve: Resolve = async () => {
      asked += 1;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const answer = await post(
      { url: `http://hooks.shop.com:${port}/`, headers: {}, body: '{}' },
      { allow_private: true, resolve },
      signal(),
    );
    assert.deepEqual([answer, asked], [{ answer: 'reply', status: 200, text: `hooks.shop.com:${port}` }, 1]);
  });

  it('is refused by the lookup of the socket itself, for one address as for all', async () => {
    const lookup = guarded_lookup(guard(resolves_to('93.184.215.14', '192.168.0.1')));
    for (const all of [true, false]) {
      const error = await new Promise(resolve => lookup('hooks.shop.com', { all }, failure => resolve(failure)));
      assert.ok(error instanceof Error && 'code' in error);
      assert.equal(error.code, 'address_refused');
    }
  });

  it('is looked at again although the endpoint was taken: WEBHOOKS_ALLOW_PRIVATE may have been taken back', async () => {
    const answer = await post({ url: 'http://127.0.0.1:9/', headers: {}, body: '{}' }, guard(), signal());
    assert.deepEqual(answer, { answer: 'none', detail: 'address_refused: it must begin with https://' });
  });
});
