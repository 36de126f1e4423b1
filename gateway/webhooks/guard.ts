/**
 * Where a webhook may go: to the public internet and nowhere else, whatever the address is called (reliability.md 6.5). An endpoint's URL is a stranger's
 * text, and this process stands inside. The URL is looked at, then every address of its name, then the connection is made to what was looked at:
 * a name that answers otherwise a moment later (DNS rebinding) gains nothing. The second wall is the operator's: no route from here to internal ranges.
 */
import { lookup as system_lookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';

export interface Address {
  readonly address: string;
  readonly family: number;
}
/** All addresses of a name. Rejects when it has none. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

export interface Guard {
  /** WEBHOOKS_ALLOW_PRIVATE: any address, any port, http too. For development. */
  readonly allow_private: boolean;
  readonly resolve: Resolve;
}

export const url_characters_max = 2_000;
/** Where receivers of HTTPS listen. Others are somebody's database, mail or console. */
export const ports_allowed: readonly number[] = [443, 8443];

/** Why a URL is refused, for who gave it: never what an internal name resolves to. */
export type Refusal =
  | 'not a URL'
  | 'it must begin with https://'
  | 'it must not carry a name or password'
  | 'its port is not one of 443, 8443'
  | 'its host must be a public name'
  | 'its address must be written plainly'
  | 'its address is not public'
  | 'its host does not resolve';

/** Thrown where a connection would be made. */
export class Refused extends Error {
  readonly code = 'address_refused';
}

export const system_resolve: Resolve = hostname => system_lookup(hostname, { all: true, verbatim: true });

/** The URL, or why not; nobody is asked for the name's addresses yet. */
export function read_url(text: string, allow_private: boolean): URL | Refusal {
  const url = URL.parse(text);
  if (url === null || text.length > url_characters_max || /[\s\p{C}]/u.test(text)) return 'not a URL';
  if (url.protocol !== 'https:' && !(allow_private && url.protocol === 'http:')) return 'it must begin with https://';
  if (url.username !== '' || url.password !== '') return 'it must not carry a name or password';
  if (allow_private) return url;
  if (!ports_allowed.includes(Number(url.port === '' ? 443 : url.port))) return 'its port is not one of 443, 8443';
  return refusal_of_host(url, text) ?? url;
}

/** Names that only a private network knows, and addresses, however they are written: URL has made `0x7f.1`, `017700000001` and `2130706433` one already. */
function refusal_of_host(url: URL, text: string): Refusal | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  if (isIP(host) === 0) return is_public_name(host) ? undefined : 'its host must be a public name';
  if (!is_public_address(host)) return 'its address is not public';
  // 134744072 is 8.8.8.8: whoever writes so hides something.
  return text.toLowerCase().startsWith(`${url.protocol}//${url.hostname}`) ? undefined : 'its address must be written plainly';
}

const private_suffixes = /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|private|test|invalid|example|onion|arpa)$/;

function is_public_name(host: string): boolean {
  return host.includes('.') && !private_suffixes.test(host);
}

/** At creation: undefined when a delivery could be tried. */
export async function refusal_of(text: string, guard: Guard): Promise<Refusal | undefined> {
  const url = read_url(text, guard.allow_private);
  if (typeof url === 'string') return url;
  if (guard.allow_private || isIP(url.hostname) === 4 || url.hostname.startsWith('[')) return undefined;
  try {
    const addresses = await guard.resolve(url.hostname);
    if (addresses.length === 0) return 'its host does not resolve';
    return addresses.every(({ address }) => is_public_address(address)) ? undefined : 'its address is not public';
  } catch {
    return 'its host does not resolve';
  }
}

/**
 * For the socket that is being made (net.connect's `lookup`): the addresses it gives are those that were looked at. One that is not public among public ones
 * is refused with them: such a name is made to deceive. Not called for a host that is an address; `read_url` has seen that.
 */
export function guarded_lookup({ allow_private, resolve }: Guard): LookupFunction {
  return (hostname, options, done) => {
    const found = (addresses: readonly Address[]) => {
      const first = addresses[0];
      if (first === undefined || !(allow_private || addresses.every(({ address }) => is_public_address(address))))
        return done(new Refused(`${hostname} has an address that is not public`), []);
      if (options.all) return done(null, [...addresses]);
      done(null, first.address, first.family);
    };
    resolve(hostname).then(found, error => done(error, []));
  };
}

const block_list = new BlockList();
/** IANA's special-purpose registry for IPv4, and the one public address of a cloud (Azure) at which its own machines answer. */
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  block_list.addSubnet(net, prefix, 'ipv4');
/** Inside 2000::/3: protocol assignments with Teredo and ORCHID, documentation, 6to4, whose IPv4 address could be any, and AS112. */
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const)
  block_list.addSubnet(net, prefix, 'ipv6');
const global_unicast = new BlockList();
global_unicast.addSubnet('2000::', 3, 'ipv6');

/**
 * Of IPv6 only global unicast is let through, and of that not everything: so loopback, unique local, link-local, multicast, IPv4-mapped, NAT64 and whatever
 * is assigned one day are refused without being named. A zone id (`fe80::1%eth0`) is no address of anybody else's.
 */
export function is_public_address(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !block_list.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  return global_unicast.check(address, 'ipv6') && !block_list.check(address, 'ipv6');
}
