/** Every setting, read from the environment once, checked at start: one message per wrong variable. docs/operations.md has the same table (a tidy test compares). */
import { join, resolve } from 'node:path';
import { internal_secret_characters_min } from '../gateway/internal_token.ts';
import { log_levels } from '../platform/logger.ts';

export const service_list = ['orders', 'inventory', 'payments', 'shipping', 'suppliers', 'analytics'] as const;
export type ServiceName = (typeof service_list)[number];

export const carrier_names = ['easypost', 'purolator'] as const;
export type CarrierName = (typeof carrier_names)[number];

export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly metrics_port: number;
  readonly public_url: string;
  readonly data_folder: string;
  /** Undefined: the embedded PostgreSQL in the data folder. */
  readonly database_url: string | undefined;
  readonly service_database_urls: Readonly<Partial<Record<ServiceName | 'gateway', string>>>;
  readonly secret_key: string | undefined;
  readonly publishable_key: string | undefined;
  readonly admin_password: string | undefined;
  readonly signing_secret: string | undefined;
  /** 32 bytes. */
  readonly master_key: Uint8Array | undefined;
  /** Of the gateway's tokens: the first signs, all are believed. Empty: no gateway. */
  readonly internal_secrets: readonly string[];
  /** Where the process of each service is, for `start gateway`. */
  readonly service_urls: Readonly<Partial<Record<ServiceName, string>>>;
  /** Other origins whose pages may ask; `*` for any. */
  readonly cors_origins: readonly string[];
  /** Outgoing webhooks may go to private addresses and by http. */
  readonly webhooks_allow_private: boolean;
  readonly fulfillment: 'auto' | 'manual';
  readonly replenishment: 'auto' | 'manual';
  /** Who is asked for rates of new labels; empty: the carrier manual. */
  readonly carriers: readonly CarrierName[];
  readonly label_currency: string;
  readonly manual_delivery_ms: number;
  readonly sandbox: boolean;
  /** Of one call to a third party; undefined: what each adapter thinks right. */
  readonly third_party_timeout_ms: number | undefined;
  /** Divides the times after which a third party is asked what became of an operation. */
  readonly third_party_haste: number;
  readonly log_level: (typeof log_levels)[number];
  readonly stripe: Provider;
  readonly easypost: Provider;
  readonly purolator: PurolatorAccount;
  readonly cybersource: {
    readonly base_url: string | undefined;
    readonly merchant_id: string | undefined;
    readonly key_file: string | undefined;
    readonly certificate_file: string | undefined;
    readonly schema_version: string;
  };
  readonly x12: X12Given;
  readonly peppol: PeppolGiven;
  readonly sandbox_ports: {
    readonly stripe: number;
    readonly easypost: number;
    readonly purolator: number;
    readonly supplier: number;
    readonly cybersource: number;
    readonly x12_supplier: number;
    readonly peppol_supplier: number;
  };
}

/** Undefined: the stand-in's in sandbox mode, else the channel is not there. */
export interface X12Given {
  /** `qualifier/id`. */
  readonly sender: string;
  readonly usage: 'P' | 'T';
  readonly url: string | undefined;
  readonly password: string | undefined;
  readonly inbound_password: string | undefined;
  readonly folder: string | undefined;
  readonly poll_ms: number;
  readonly receipt_wait_ms: number;
}

/** Undefined: the stand-in's in sandbox mode, else the channel is not there. `sender`: `scheme/id`. */
export interface PeppolGiven {
  readonly sender: string;
  readonly name: string;
  readonly url: string | undefined;
  readonly password: string | undefined;
  readonly inbound_password: string | undefined;
  readonly receipt_wait_ms: number;
}

/** Base URL undefined: the sandbox's stand-in, or the live host when credentials are set. */
export interface Provider {
  readonly base_url: string | undefined;
  readonly secret: string | undefined;
  readonly webhook_secret: string | undefined;
}

/** Basic authentication, and the account that pays. */
export interface PurolatorAccount {
  readonly base_url: string | undefined;
  readonly key: string | undefined;
  readonly password: string | undefined;
  readonly account: string | undefined;
  readonly versions: Readonly<Partial<Record<string, PurolatorVersion>>>;
}
export type PurolatorVersion = 'v1' | 'v2';
export const purolator_services = ['availability', 'estimating', 'shipping', 'documents', 'tracking'] as const;

export interface SettingRow {
  readonly name: string;
  readonly meaning: string;
  readonly preset: string;
  readonly check: (text: string) => string | undefined;
}

const any_text = () => undefined;
const port = (text: string) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? undefined : 'must be a port, 0 (any free one) to 65535');
const one_of =
  (...values: readonly string[]) =>
  (text: string) =>
    values.includes(text) ? undefined : `must be one of ${values.join(', ')}`;
const url =
  (...protocols: readonly string[]) =>
  (text: string) => {
    const parsed = URL.parse(text);
    return parsed !== null && protocols.includes(parsed.protocol)
      ? undefined
      : `must be a URL beginning with ${protocols.map(protocol => `${protocol}//`).join(' or ')}`;
  };
const key = (prefix: string) => (text: string) =>
  text.startsWith(prefix) && text.length >= 16 && /^[\w-]+$/.test(text)
    ? undefined
    : `must begin with ${prefix} and have at least 16 characters, letters, digits, _ and - only`;
const carriers = (text: string) =>
  text === 'manual' || parts_of(text).every(part => carrier_names.some(name => name === part))
    ? undefined
    : `must be manual, or of ${carrier_names.join(', ')} one or more with commas between`;
const currency = (text: string) => (/^[A-Z]{3}$/.test(text) ? undefined : 'must be three capital letters of ISO 4217');
const milliseconds = (text: string) => (/^\d{1,9}$/.test(text) ? undefined : 'must be a whole number of milliseconds');
const long_text = (length: number) => (text: string) => (text.length >= length ? undefined : `must have at least ${length} characters`);
/** 32 random bytes, as `openssl rand -base64 32` (or -hex 32) prints them. */
export const key_of_text = (text: string): Uint8Array => Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
const master_key = (text: string) =>
  /^([0-9a-f]{64}|[\w+/-]{43}=?)$/i.test(text) ? undefined : 'must be 32 bytes in base64 or hex (openssl rand -base64 32)';
const parts_of = (text: string) => text.split(',').map(part => part.trim());
const secrets = (text: string) =>
  parts_of(text).length <= 2 && parts_of(text).every(part => part.length >= internal_secret_characters_min)
    ? undefined
    : `must be a secret of at least ${internal_secret_characters_min} characters, or two of them, the new one first, with a comma between`;
const is_origin = (text: string) => {
  const parsed = URL.parse(text);
  return parsed !== null && ['http:', 'https:'].includes(parsed.protocol) && parsed.origin === text;
};
const base_url = (text: string) =>
  is_origin(text.replace(/\/$/, ''))
    ? undefined
    : 'must be http:// or https:// with a host and a port, without a path: http://127.0.0.1:4010';
const origins = (text: string) =>
  parts_of(text).every(part => part === '*' || is_origin(part))
    ? undefined
    : 'must be origins as browsers send them, with commas between (https://shop.example), or *';
const versions = (text: string) =>
  parts_of(text).every(part => new RegExp(`^(${purolator_services.join('|')})=v[12]$`).test(part))
    ? undefined
    : `must be services of Purolator with versions, commas between: ${purolator_services.map(name => `${name}=v1`).join(',')}`;
const postgres_url = url('postgres:', 'postgresql:');

export const setting_rows: readonly SettingRow[] = [
  { name: 'PORT', preset: '4000', meaning: 'port of the API, the reference page and inbound webhooks', check: port },
  { name: 'HOST', preset: '127.0.0.1', meaning: 'address to listen on', check: any_text },
  { name: 'METRICS_PORT', preset: '4001', meaning: 'port of the Prometheus metrics, never public', check: port },
  {
    name: 'PUBLIC_URL',
    preset: 'http://HOST:PORT',
    meaning: 'how the outside reaches this deployment; in links and schemas',
    check: url('http:', 'https:'),
  },
  {
    name: 'CARTWRIGHT_DATA',
    preset: '.cartwright',
    meaning: 'folder of the embedded PostgreSQL, the OLAP store, generated secrets',
    check: any_text,
  },
  { name: 'DATABASE_URL', preset: 'embedded', meaning: 'a PostgreSQL server instead of the embedded one', check: postgres_url },
  ...[...service_list.filter(name => name !== 'analytics'), 'gateway'].map(name => ({
    name: `${name.toUpperCase()}_DATABASE_URL`,
    preset: 'DATABASE_URL',
    meaning: `a database of its own for ${name}`,
    check: postgres_url,
  })),
  {
    name: 'CARTWRIGHT_SECRET_KEY',
    preset: 'generated',
    meaning: 'the first secret key (sk_…), so that scripts can rely on it',
    check: key('sk_'),
  },
  { name: 'CARTWRIGHT_PUBLISHABLE_KEY', preset: 'generated', meaning: 'the first publishable key (pk_…)', check: key('pk_') },
  { name: 'CARTWRIGHT_ADMIN_PASSWORD', preset: 'generated', meaning: 'password of the first staff member, admin', check: long_text(8) },
  {
    name: 'CARTWRIGHT_SIGNING_SECRET',
    preset: 'generated',
    meaning: 'signs order tokens; the same for all processes of a deployment',
    check: long_text(32),
  },
  {
    name: 'CARTWRIGHT_MASTER_KEY',
    preset: 'generated',
    meaning: 'wraps the keys of persons’ data: 32 bytes in base64 or hex, the same for all processes; lost: their data is lost',
    check: master_key,
  },
  {
    name: 'CARTWRIGHT_INTERNAL_SECRET',
    preset: 'none',
    meaning: 'signs the calls of `start gateway` to the services; the same for both; two with a comma between while one follows the other',
    check: secrets,
  },
  ...service_list.map(name => ({
    name: `${name.toUpperCase()}_URL`,
    preset: 'none',
    meaning: `start gateway: the process that serves ${name}`,
    check: base_url,
  })),
  {
    name: 'CORS_ORIGINS',
    preset: 'none',
    meaning: 'other origins whose pages may ask with publishable keys and order tokens; * is any, with publishable keys only',
    check: origins,
  },
  {
    name: 'WEBHOOKS_ALLOW_PRIVATE',
    preset: 'false',
    meaning: 'true: outgoing webhooks may go to private addresses, any port, and by http; for development',
    check: one_of('true', 'false'),
  },
  {
    name: 'FULFILLMENT',
    preset: 'auto in sandbox mode, else manual',
    meaning: 'auto plans, labels and dispatches by itself; manual waits for the API',
    check: one_of('auto', 'manual'),
  },
  {
    name: 'REPLENISHMENT',
    preset: 'auto in sandbox mode, else manual',
    meaning: 'auto accepts proposals and approves purchase orders by itself',
    check: one_of('auto', 'manual'),
  },
  {
    name: 'CARRIER',
    preset: 'both in sandbox mode, else easypost, and purolator when it has a key',
    meaning:
      'who is asked for rates of new labels: easypost, purolator, or both with a comma between; manual makes its own label numbers and calls nobody',
    check: carriers,
  },
  {
    name: 'LABEL_CURRENCY',
    preset: 'GBP',
    meaning: 'in which rates of carriers are compared; none is ever converted',
    check: currency,
  },
  {
    name: 'MANUAL_DELIVERY_MS',
    preset: '172800000',
    meaning: 'carrier manual: a parcel is assumed delivered this long after dispatch',
    check: milliseconds,
  },
  {
    name: 'LOG_LEVEL',
    preset: 'warn',
    meaning: 'debug, info, warn, error or silent; to standard error as JSON lines',
    check: one_of(...log_levels),
  },
  {
    name: 'THIRD_PARTY_TIMEOUT_MS',
    preset: 'by provider: 20000 to 60000',
    meaning: 'how long one operation at a gateway, carrier or supplier may take before its outcome is unknown',
    check: milliseconds,
  },
  {
    name: 'THIRD_PARTY_HASTE',
    preset: '1',
    meaning:
      'for rehearsals: divides the times after which a provider is asked about an unknown outcome, or believed that it does not know it',
    check: text => (/^[1-9]\d{0,3}$/.test(text) ? undefined : 'must be a whole number, 1 to 9999'),
  },
  { name: 'STRIPE_SECRET_KEY', preset: 'the stand-in’s', meaning: 'Stripe’s secret key; set: the live host', check: any_text },
  { name: 'STRIPE_WEBHOOK_SECRET', preset: 'the stand-in’s', meaning: 'signing secret of the endpoint /inbound/stripe', check: any_text },
  {
    name: 'STRIPE_BASE_URL',
    preset: 'https://api.stripe.com when live',
    meaning: 'another host that speaks Stripe’s protocol',
    check: url('http:', 'https:'),
  },
  {
    name: 'CYBERSOURCE_MERCHANT_ID',
    preset: 'the stand-in’s',
    meaning: 'CyberSource’s merchant id; set: the live host, with the two files below',
    check: text => (/^[\w-]{1,30}$/.test(text) ? undefined : 'must be 1 to 30 letters, digits, _ and -'),
  },
  { name: 'CYBERSOURCE_KEY_FILE', preset: 'the stand-in’s', meaning: 'PEM file with the private key that signs requests', check: any_text },
  {
    name: 'CYBERSOURCE_CERTIFICATE_FILE',
    preset: 'CYBERSOURCE_KEY_FILE',
    meaning: 'PEM file with the certificate of that key',
    check: any_text,
  },
  {
    name: 'CYBERSOURCE_BASE_URL',
    preset: 'https://ics2wsa.ic3.com when live',
    meaning: 'another host that speaks CyberSource’s protocol (its test host is https://ics2wstesta.ic3.com)',
    check: url('http:', 'https:'),
  },
  {
    name: 'CYBERSOURCE_SCHEMA_VERSION',
    preset: '1.224',
    meaning: 'version of the Simple Order API’s schema',
    check: text => (/^1\.\d{1,4}$/.test(text) ? undefined : 'must be a version as 1.224'),
  },
  { name: 'EASYPOST_API_KEY', preset: 'the stand-in’s', meaning: 'EasyPost’s API key; set: the live host', check: any_text },
  { name: 'EASYPOST_WEBHOOK_SECRET', preset: 'the stand-in’s', meaning: 'secret of the webhook /inbound/easypost', check: any_text },
  {
    name: 'EASYPOST_BASE_URL',
    preset: 'https://api.easypost.com/v2/ when live',
    meaning: 'another host that speaks EasyPost’s protocol',
    check: url('http:', 'https:'),
  },
  {
    name: 'PUROLATOR_KEY',
    preset: 'the stand-in’s',
    meaning: 'key of Purolator’s E-Ship web services; set: the live host',
    check: any_text,
  },
  { name: 'PUROLATOR_PASSWORD', preset: 'the stand-in’s', meaning: 'the password that belongs to the key', check: any_text },
  { name: 'PUROLATOR_ACCOUNT', preset: 'the stand-in’s', meaning: 'the registered account that pays for labels', check: any_text },
  {
    name: 'PUROLATOR_BASE_URL',
    preset: 'https://webservices.purolator.com when live',
    meaning: 'another host that speaks Purolator’s protocol (https://devwebservices.purolator.com is for development)',
    check: base_url,
  },
  {
    name: 'PUROLATOR_VERSIONS',
    preset: 'availability=v2,estimating=v2,shipping=v2,documents=v1,tracking=v1',
    meaning: 'version of each of Purolator’s services, where yours differ',
    check: versions,
  },
  {
    name: 'X12_SENDER',
    preset: 'ZZ/CARTWRIGHT',
    meaning: 'who we are in X12 envelopes: qualifier and id of ISA05 and ISA06',
    check: text => (/^[A-Z0-9]{2}\/[A-Za-z0-9._-]{2,15}$/.test(text) ? undefined : 'must be a qualifier and an id, ZZ/ACME say'),
  },
  { name: 'X12_USAGE', preset: 'T in sandbox mode, else P', meaning: 'ISA15: P in earnest, T a test', check: one_of('P', 'T') },
  {
    name: 'X12_HTTP_URL',
    preset: 'the stand-in’s in sandbox mode, else none',
    meaning: 'where interchanges of suppliers of channel x12_http are posted: the partner, or a gateway',
    check: url('http:', 'https:'),
  },
  {
    name: 'X12_HTTP_PASSWORD',
    preset: 'the stand-in’s',
    meaning: 'with which we post there (Basic, user X12_SENDER’s id)',
    check: any_text,
  },
  {
    name: 'X12_INBOUND_PASSWORD',
    preset: 'the stand-in’s in sandbox mode, else none',
    meaning: 'with which interchanges are posted to /inbound/supplier/x12_http (Basic, any user); without it none are taken',
    check: long_text(16),
  },
  {
    name: 'X12_FILES_FOLDER',
    preset: 'in the data folder in sandbox mode, else none',
    meaning: 'folder of channel x12_files: we write into out, and take from in',
    check: any_text,
  },
  { name: 'X12_POLL_MS', preset: '30000', meaning: 'how often that folder is looked at', check: milliseconds },
  {
    name: 'X12_RECEIPT_MS',
    preset: '7200000',
    meaning: 'a purchase order without a 997 is shown to a person after this long',
    check: milliseconds,
  },
  {
    name: 'PEPPOL_SENDER',
    preset: '9999/CARTWRIGHT',
    meaning: 'who we are in Peppol documents: scheme (ISO 6523) and id of our endpoint',
    check: text => (/^\d{4}\/[A-Za-z0-9._-]{1,50}$/.test(text) ? undefined : 'must be a scheme and an id, 0088/7300010000001 say'),
  },
  { name: 'PEPPOL_SENDER_NAME', preset: 'Cartwright', meaning: 'our registered name in Peppol documents', check: any_text },
  {
    name: 'PEPPOL_URL',
    preset: 'the stand-in’s in sandbox mode, else none',
    meaning: 'where orders to suppliers of channel peppol are posted: the partner, or an access point',
    check: url('http:', 'https:'),
  },
  {
    name: 'PEPPOL_PASSWORD',
    preset: 'the stand-in’s',
    meaning: 'with which we post there (Basic, user PEPPOL_SENDER’s id)',
    check: any_text,
  },
  {
    name: 'PEPPOL_INBOUND_PASSWORD',
    preset: 'the stand-in’s in sandbox mode, else none',
    meaning: 'with which documents are posted to /inbound/supplier/peppol (Basic, any user); without it none are taken',
    check: long_text(16),
  },
  {
    name: 'PEPPOL_RECEIPT_MS',
    preset: '86400000',
    meaning: 'a purchase order to which nothing was said is shown to a person after this long',
    check: milliseconds,
  },
  { name: 'SANDBOX_STRIPE_PORT', preset: '4101', meaning: 'port of the Stripe stand-in (any free one when PORT is not 4000)', check: port },
  { name: 'SANDBOX_EASYPOST_PORT', preset: '4102', meaning: 'port of the EasyPost stand-in', check: port },
  { name: 'SANDBOX_PUROLATOR_PORT', preset: '4104', meaning: 'port of the Purolator stand-in', check: port },
  { name: 'SANDBOX_SUPPLIER_PORT', preset: '4103', meaning: 'port of the supplier stand-in', check: port },
  { name: 'SANDBOX_CYBERSOURCE_PORT', preset: '4105', meaning: 'port of the CyberSource stand-in', check: port },
  { name: 'SANDBOX_X12_PORT', preset: '4106', meaning: 'port of the stand-in of a supplier that speaks X12', check: port },
  { name: 'SANDBOX_PEPPOL_PORT', preset: '4107', meaning: 'port of the stand-in of a supplier that speaks Peppol', check: port },
];

/** Throws one Error whose message lists every wrong variable and what it must be. */
export function read_settings(env: Readonly<Record<string, string | undefined>>): Settings {
  const wrong = setting_rows.flatMap(({ name, check }) => {
    const text = env[name];
    const complaint = text === undefined || text === '' ? undefined : check(text);
    return complaint === undefined ? [] : [`${name} ${complaint}`];
  });
  if (env['CYBERSOURCE_MERCHANT_ID'] && !env['CYBERSOURCE_KEY_FILE'])
    wrong.push('CYBERSOURCE_KEY_FILE must be set with CYBERSOURCE_MERCHANT_ID');
  if (wrong.length > 0) throw Object.assign(new Error(wrong.join('\n')), { code: 'wrong_settings' });
  const text = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const list = (name: string): string[] => (text(name) === undefined ? [] : parts_of(text(name) ?? ''));
  const number = (name: string, preset: number): number => Number(text(name) ?? preset);
  const host = text('HOST') ?? '127.0.0.1';
  const own_port = number('PORT', 4000);
  const sandbox = ['STRIPE_SECRET_KEY', 'EASYPOST_API_KEY', 'PUROLATOR_KEY', 'CYBERSOURCE_MERCHANT_ID'].every(
    name => text(name) === undefined,
  );
  const sandbox_port = (name: string, preset: number) => number(name, own_port === 4000 ? preset : 0);
  // The checks above have made sure that these are of their lists.
  const choice = <T extends string>(name: string, preset: T) => (text(name) ?? preset) as T;
  const given_master_key = text('CARTWRIGHT_MASTER_KEY');
  return {
    port: own_port,
    host,
    metrics_port: number('METRICS_PORT', own_port === 4000 ? 4001 : 0),
    public_url: text('PUBLIC_URL') ?? `http://${host}:${own_port}`,
    data_folder: resolve(text('CARTWRIGHT_DATA') ?? '.cartwright'),
    database_url: text('DATABASE_URL'),
    service_database_urls: Object.fromEntries(
      [...service_list, 'gateway'].flatMap(name => {
        const own = text(`${name.toUpperCase()}_DATABASE_URL`);
        return own === undefined ? [] : [[name, own]];
      }),
    ),
    secret_key: text('CARTWRIGHT_SECRET_KEY'),
    publishable_key: text('CARTWRIGHT_PUBLISHABLE_KEY'),
    admin_password: text('CARTWRIGHT_ADMIN_PASSWORD'),
    signing_secret: text('CARTWRIGHT_SIGNING_SECRET'),
    master_key: given_master_key === undefined ? undefined : key_of_text(given_master_key),
    internal_secrets: list('CARTWRIGHT_INTERNAL_SECRET'),
    service_urls: Object.fromEntries(
      service_list.flatMap(name => {
        const own = text(`${name.toUpperCase()}_URL`);
        return own === undefined ? [] : [[name, own.replace(/\/$/, '')]];
      }),
    ),
    cors_origins: list('CORS_ORIGINS'),
    webhooks_allow_private: text('WEBHOOKS_ALLOW_PRIVATE') === 'true',
    fulfillment: choice('FULFILLMENT', sandbox ? 'auto' : 'manual'),
    replenishment: choice('REPLENISHMENT', sandbox ? 'auto' : 'manual'),
    carriers: carriers_in(text('CARRIER') ?? (!sandbox && text('PUROLATOR_KEY') === undefined ? 'easypost' : 'easypost,purolator')),
    label_currency: text('LABEL_CURRENCY') ?? 'GBP',
    manual_delivery_ms: number('MANUAL_DELIVERY_MS', 172_800_000),
    sandbox,
    third_party_timeout_ms: text('THIRD_PARTY_TIMEOUT_MS') === undefined ? undefined : number('THIRD_PARTY_TIMEOUT_MS', 0),
    third_party_haste: number('THIRD_PARTY_HASTE', 1),
    log_level: choice('LOG_LEVEL', 'warn'),
    stripe: { base_url: text('STRIPE_BASE_URL'), secret: text('STRIPE_SECRET_KEY'), webhook_secret: text('STRIPE_WEBHOOK_SECRET') },
    easypost: { base_url: text('EASYPOST_BASE_URL'), secret: text('EASYPOST_API_KEY'), webhook_secret: text('EASYPOST_WEBHOOK_SECRET') },
    purolator: {
      base_url: text('PUROLATOR_BASE_URL'),
      key: text('PUROLATOR_KEY'),
      password: text('PUROLATOR_PASSWORD'),
      account: text('PUROLATOR_ACCOUNT'),
      versions: versions_in(text('PUROLATOR_VERSIONS')),
    },
    cybersource: {
      base_url: text('CYBERSOURCE_BASE_URL'),
      merchant_id: text('CYBERSOURCE_MERCHANT_ID'),
      key_file: text('CYBERSOURCE_KEY_FILE'),
      certificate_file: text('CYBERSOURCE_CERTIFICATE_FILE') ?? text('CYBERSOURCE_KEY_FILE'),
      schema_version: text('CYBERSOURCE_SCHEMA_VERSION') ?? '1.224',
    },
    x12: {
      sender: text('X12_SENDER') ?? 'ZZ/CARTWRIGHT',
      usage: choice('X12_USAGE', sandbox ? 'T' : 'P'),
      url: text('X12_HTTP_URL'),
      password: text('X12_HTTP_PASSWORD'),
      inbound_password: text('X12_INBOUND_PASSWORD'),
      folder: text('X12_FILES_FOLDER'),
      poll_ms: number('X12_POLL_MS', 30_000),
      receipt_wait_ms: number('X12_RECEIPT_MS', 7_200_000),
    },
    peppol: {
      sender: text('PEPPOL_SENDER') ?? '9999/CARTWRIGHT',
      name: text('PEPPOL_SENDER_NAME') ?? 'Cartwright',
      url: text('PEPPOL_URL'),
      password: text('PEPPOL_PASSWORD'),
      inbound_password: text('PEPPOL_INBOUND_PASSWORD'),
      receipt_wait_ms: number('PEPPOL_RECEIPT_MS', 86_400_000),
    },
    sandbox_ports: {
      stripe: sandbox_port('SANDBOX_STRIPE_PORT', 4101),
      easypost: sandbox_port('SANDBOX_EASYPOST_PORT', 4102),
      purolator: sandbox_port('SANDBOX_PUROLATOR_PORT', 4104),
      supplier: sandbox_port('SANDBOX_SUPPLIER_PORT', 4103),
      cybersource: sandbox_port('SANDBOX_CYBERSOURCE_PORT', 4105),
      x12_supplier: sandbox_port('SANDBOX_X12_PORT', 4106),
      peppol_supplier: sandbox_port('SANDBOX_PEPPOL_PORT', 4107),
    },
  };
}

/** Checked before: see `carriers`, `versions`. */
function carriers_in(text: string): readonly CarrierName[] {
  return carrier_names.filter(name => parts_of(text).includes(name));
}
function versions_in(text: string | undefined): PurolatorAccount['versions'] {
  return Object.fromEntries(parts_of(text ?? '').flatMap(part => (part === '' ? [] : [part.split('=') as [string, PurolatorVersion]])));
}

export function database_url_of(settings: Settings, embedded_url: string | undefined, service: ServiceName | 'gateway'): string {
  const found = settings.service_database_urls[service] ?? settings.database_url ?? embedded_url;
  if (found === undefined) throw new Error(`no database for ${service}`);
  return found;
}

/** Where a generated value is kept, readable by its owner alone. */
export function data_file(settings: Settings, name: string): string {
  return join(settings.data_folder, name);
}

/** What `start gateway` cannot do without. Throws one Error whose message names every variable that is missing. */
export function gateway_settings(settings: Settings): { readonly secret: string; readonly urls: Readonly<Record<ServiceName, string>> } {
  const missing = [
    ...(settings.internal_secrets.length === 0 ? [secret_missing] : []),
    ...service_list
      .filter(name => settings.service_urls[name] === undefined)
      .map(name => `${name.toUpperCase()}_URL must be set: where the process that serves ${name} listens, http://127.0.0.1:4010 say`),
  ];
  if (missing.length > 0) throw Object.assign(new Error(missing.join('\n')), { code: 'wrong_settings' });
  // All are there: looked at above.
  return { secret: settings.internal_secrets[0] ?? '', urls: settings.service_urls as Record<ServiceName, string> };
}

/** What `start … --behind-gateway` cannot do without. */
export function behind_settings(settings: Settings): readonly string[] {
  if (settings.internal_secrets.length === 0) throw Object.assign(new Error(secret_missing), { code: 'wrong_settings' });
  return settings.internal_secrets;
}
const secret_missing = `CARTWRIGHT_INTERNAL_SECRET must be set, to the same for the gateway and the services behind it: at least ${internal_secret_characters_min} characters`;
