/** `sandbox`: stand-ins of third parties by themselves, for somebody who writes against Stripe or Purolator and wants neither an account nor Cartwright. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { path as cybersource_path, start_cybersource } from '../sandbox/cybersource/cybersource.ts';
import { test_certificate } from '../sandbox/cybersource/test_certificate.ts';
import { start_easypost } from '../sandbox/easypost/easypost.ts';
import { example_order } from '../sandbox/peppol_supplier/example.ts';
import { start_peppol_supplier } from '../sandbox/peppol_supplier/peppol_supplier.ts';
import { start_purolator } from '../sandbox/purolator/purolator.ts';
import type { StandIn } from '../sandbox/stand_in.ts';
import { start_stripe } from '../sandbox/stripe/stripe.ts';
import { start_supplier } from '../sandbox/supplier/supplier.ts';
import { say } from '../sandbox/x12_supplier/edi.ts';
import { start_x12_supplier } from '../sandbox/x12_supplier/x12_supplier.ts';
import { sandbox_secrets } from './sandbox.ts';
import type { Settings } from './settings.ts';

/** One that can be started alone. A new stand-in is one entry. */
interface Startable {
  /** What its clients show, by its name there. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Absent: it sends none. */
  readonly webhook_secret?: string;
  start(given: { readonly port: number; readonly ledger_file?: string }): Promise<StandIn>;
  /** Where clients are pointed to. */
  base_url(url: string): string;
  /** Lines that somebody can paste: the official client, npm `soap` where there is none, or curl. */
  example(given: { readonly port: number; readonly base_url: string }): readonly string[];
}

const secrets = sandbox_secrets;
const startables: Readonly<Record<string, Startable>> = {
  stripe: {
    credentials: { key: secrets.stripe_key },
    webhook_secret: secrets.stripe_webhook,
    start: given => start_stripe({ ...given, secret_key: secrets.stripe_key }),
    base_url: url => url,
    example: ({ port }) => [
      "import Stripe from 'stripe';",
      `const stripe = new Stripe('${secrets.stripe_key}', { host: '127.0.0.1', port: ${port}, protocol: 'http', telemetry: false });`,
      "await stripe.paymentIntents.create({ amount: 2000, currency: 'gbp', payment_method: 'pm_card_visa', confirm: true, capture_method: 'manual', return_url: 'https://shop.example' });",
    ],
  },
  cybersource: {
    credentials: { 'merchant id': secrets.cybersource_merchant, certificate: 'sandbox/cybersource/test_certificate.ts' },
    start: given => start_cybersource({ ...given, merchant_id: secrets.cybersource_merchant, certificate: test_certificate }),
    base_url: url => `${url}${cybersource_path}`,
    example: ({ base_url }) => [
      "import * as cybersource_soap from 'soap';",
      "import { test_certificate, test_key } from './sandbox/cybersource/test_certificate.ts';",
      `const cybersource = await cybersource_soap.createClientAsync('${cybersource_wsdl}', { endpoint: '${base_url}' });`,
      "cybersource.setSecurity(new cybersource_soap.WSSecurityCert(test_key, test_certificate, '', { hasTimeStamp: false, signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256' }));",
      "const billTo = { firstName: 'Ada', lastName: 'Lovelace', street1: '12 Square', city: 'London', postalCode: 'SW1Y 4JH', country: 'GB', email: 'ada@example.com' };",
      "const card = { accountNumber: '4111111111111111', expirationMonth: '12', expirationYear: '2031', cvNumber: '123', cardType: '001' };",
      `await cybersource.runTransactionAsync({ merchantID: '${secrets.cybersource_merchant}', merchantReferenceCode: 'order-1', billTo, purchaseTotals: { currency: 'GBP', grandTotalAmount: '20.00' }, card, ccAuthService: { attributes: { run: 'true' } } });`,
    ],
  },
  easypost: {
    credentials: { key: secrets.easypost_key },
    webhook_secret: secrets.easypost_webhook,
    start: given => start_easypost({ ...given, api_key: secrets.easypost_key }),
    base_url: url => `${url}/v2/`,
    example: ({ base_url }) => [
      "import EasyPost from '@easypost/api';",
      `const easypost = new EasyPost('${secrets.easypost_key}', { baseUrl: '${base_url}' });`,
      "await easypost.Address.create({ street1: '417 Montgomery Street', city: 'San Francisco', state: 'CA', zip: '94104', country: 'US' });",
    ],
  },
  purolator: {
    credentials: { key: secrets.purolator_key, password: secrets.purolator_password },
    start: given => start_purolator({ ...given, credentials: { key: secrets.purolator_key, password: secrets.purolator_password } }),
    base_url: url => url,
    example: ({ base_url }) => [
      "import * as purolator_soap from 'soap';",
      `const purolator = await purolator_soap.createClientAsync('${base_url}/EWS/V2/ServiceAvailability/ServiceAvailabilityService.asmx?wsdl');`,
      `purolator.setSecurity(new purolator_soap.BasicAuthSecurity('${secrets.purolator_key}', '${secrets.purolator_password}'));`,
      "purolator.addSoapHeader({ RequestContext: { Version: '2.0', Language: 'en', GroupID: '1', RequestReference: '1' } }, '', 'd', 'http://purolator.com/pws/datatypes/v2');",
      "const [found] = await purolator.ValidateCityPostalCodeZipAsync({ Addresses: { ShortAddress: [{ City: 'Ottawa', Province: 'QC', Country: 'CA', PostalCode: 'K1A0B1' }] } });",
      'console.log(JSON.stringify(found.SuggestedAddresses));',
    ],
  },
  supplier: {
    credentials: { key: secrets.supplier },
    webhook_secret: secrets.supplier,
    start: given => start_supplier({ ...given, api_key: secrets.supplier }),
    base_url: url => url,
    example: ({ base_url }) => [`curl -H 'Authorization: Bearer ${secrets.supplier}' ${base_url}/purchase-orders/PO-1`],
  },
  x12_supplier: {
    credentials: { password: secrets.x12 },
    webhook_secret: secrets.x12,
    start: given => start_x12_supplier({ ...given, password: secrets.x12 }),
    base_url: url => `${url}/x12`,
    example: ({ base_url }) => [
      `printf '%s' '${purchase_order()}' | curl -u 'shop:${secrets.x12}' -H 'Content-Type: application/edi-x12' --data-binary @- ${base_url}`,
    ],
  },
  peppol_supplier: {
    credentials: { password: secrets.peppol },
    webhook_secret: secrets.peppol,
    start: given => start_peppol_supplier({ ...given, password: secrets.peppol }),
    base_url: url => `${url}/peppol`,
    example: ({ base_url }) => [
      `printf '%s' '${example_order('PO-1')}' | curl -u 'shop:${secrets.peppol}' -H 'Content-Type: application/xml' --data-binary @- ${base_url}`,
    ],
  },
};
/** Published by the vendor; the stand-in serves none of its own. */
const cybersource_wsdl = 'https://ics2wsa.ic3.com/commerce/1.x/transactionProcessor/CyberSourceTransaction_1.224.wsdl';

/** An 850 in one line: segments may end in any character. */
function purchase_order(): string {
  const segments = [
    ['BEG', '00', 'NE', 'PO-1', '', '20260102'],
    ['CUR', 'BY', 'GBP'],
    ['PO1', '1', '6', 'EA', '1.20', '', 'VN', 'S-CUP', 'SK', 'CUP'],
    ['CTT', '1'],
  ];
  const about = { from: ['ZZ', 'SHOP'], to: ['ZZ', 'SUPPLIER'], number: 1, at_ms: Date.UTC(2026, 0, 2) } as const;
  return say({ ...about, functional: 'PO', code: '850', segments }).replaceAll('\n', '~');
}

export const stand_in_names: readonly string[] = Object.keys(startables);
const aim_timeout_ms = 5_000;

export interface SandboxAlone {
  /** Empty: all. */
  readonly names: readonly string[];
  /** Of the first, the others follow; 0: any free ones. Absent: those of the settings. */
  readonly port?: number;
  /** `name=url`: where its webhooks go. */
  readonly webhooks: readonly string[];
  /** A folder that keeps what happened there; absent: it is forgotten at the end. */
  readonly ledger_folder?: string;
}

/** Runs until a signal. Throws `unknown_stand_in`, `wrong_webhook`, `port_busy`. */
export async function sandbox_alone(settings: Settings, given: SandboxAlone): Promise<number> {
  const names = given.names.length === 0 ? stand_in_names : [...new Set(given.names)];
  const chosen = names.map(name => ({ name, ...known(name) }));
  const targets = new Map(given.webhooks.map(text => read_target(text, names)));
  if (given.ledger_folder !== undefined) await mkdir(given.ledger_folder, { recursive: true });
  const started: StandIn[] = [];
  try {
    for (const [index, one] of chosen.entries()) {
      const stand_in = await start(one, port_of(settings, given.port, one.name, index), given.ledger_folder);
      started.push(stand_in);
      const target = targets.get(one.name);
      if (target !== undefined) await aim(stand_in, target, one.webhook_secret ?? '');
      print(one, stand_in, target);
    }
    console.log(`  running: ${names.join(', ')}; Ctrl-C ends it`);
    await new Promise<void>(resolve => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    });
    return 0;
  } finally {
    await Promise.all(started.map(stand_in => stand_in.stop()));
  }
}

function known(name: string): Startable {
  const found = startables[name];
  if (found === undefined) throw coded('unknown_stand_in', `no stand-in is called ${name}; there are ${stand_in_names.join(', ')}`);
  return found;
}

function read_target(text: string, names: readonly string[]): readonly [string, string] {
  const [, name = '', url = ''] = /^(\w+)=(.+)$/.exec(text) ?? [];
  if (!names.includes(name) || !['http:', 'https:'].includes(URL.parse(url)?.protocol ?? ''))
    throw coded(
      'wrong_webhook',
      `--webhook ${text}: give the name of a stand-in that is started and a URL, stripe=http://127.0.0.1:3000/hooks say`,
    );
  if (known(name).webhook_secret === undefined) throw coded('wrong_webhook', `--webhook ${text}: ${name} sends no webhooks, there as here`);
  return [name, url];
}

function port_of(settings: Settings, first: number | undefined, name: string, index: number): number {
  if (first !== undefined) return first === 0 ? 0 : first + index;
  return (settings.sandbox_ports as Readonly<Record<string, number>>)[name] ?? 0;
}

async function start({ name, start }: Startable & { readonly name: string }, port: number, folder: string | undefined): Promise<StandIn> {
  try {
    return await start({ port, ...(folder === undefined ? {} : { ledger_file: join(folder, `${name}.ndjson`) }) });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw coded(
      'port_busy',
      `port ${port} is taken: is Cartwright's own sandbox running? Give --port another one (0: any free ones)`,
      cause,
    );
  }
}

async function aim({ name, url }: StandIn, target: string, secret: string): Promise<void> {
  const answer = await fetch(`${url}/__sim/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: target, secret }),
    signal: AbortSignal.timeout(aim_timeout_ms),
  });
  if (!answer.ok) throw coded('wrong_webhook', `the stand-in ${name} does not take ${target}: ${await answer.text()}`);
}

function print(one: Startable & { readonly name: string }, { port, url }: StandIn, target: string | undefined): void {
  const base_url = one.base_url(url);
  const row = (name: string, text: string) => console.log(`    ${name.padEnd(16)} ${text}`);
  console.log(`\n  ${one.name}`);
  row('base URL', base_url);
  for (const [name, shown] of Object.entries(one.credentials)) row(name, shown);
  if (one.webhook_secret !== undefined) {
    row('webhook secret', one.webhook_secret);
    row('webhooks go to', target ?? 'nobody; --webhook says where');
  }
  row('what happened', `${url}/__sim/ledger`);
  row('faults', `${url}/__sim/faults`);
  console.log();
  for (const line of one.example({ port, base_url })) console.log(`      ${line}`);
  console.log();
}

function coded(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}
