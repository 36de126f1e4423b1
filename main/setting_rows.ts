/** Every setting's name, preset, meaning and check: the table that `--help` and docs/operations.md show. What the texts become: settings.ts. */
import { internal_secret_characters_min } from '../gateway/internal_token.ts';
import { log_levels } from '../platform/logger.ts';

export const service_list = ['orders', 'inventory', 'payments', 'shipping', 'suppliers', 'analytics'] as const;
export type ServiceName = (typeof service_list)[number];

export const carrier_names = ['easypost', 'purolator'] as const;
export type CarrierName = (typeof carrier_names)[number];

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
export const parts_of = (text: string) => text.split(',').map(part => part.trim());
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
    name: 'CLICKHOUSE_URL',
    preset: 'DuckDB in the data folder',
    meaning: 'a ClickHouse server for analytics: http://user:password@host:8123/database',
    check: url('http:', 'https:'),
  },
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
  {
    name: 'CYBERSOURCE_HOLD_DAYS',
    preset: '5',
    meaning: 'days for which your processor holds an authorization at least; CyberSource does not say, and a person is warned a day before',
    check: text => (/^[1-9]\d?$/.test(text) ? undefined : 'must be a whole number of days, 1 to 99'),
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
