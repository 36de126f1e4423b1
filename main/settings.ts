/** Every setting, read from the environment once, checked at start: one message per wrong variable. docs/operations.md has the table of setting_rows.ts (a tidy test compares). */
import { join, resolve } from 'node:path';
import { internal_secret_characters_min } from '../gateway/internal_token.ts';
import type { log_levels } from '../platform/logger.ts';
import { type CarrierName, carrier_names, key_of_text, parts_of, type ServiceName, service_list, setting_rows } from './setting_rows.ts';

export { type CarrierName, carrier_names, key_of_text, type ServiceName, service_list, setting_rows } from './setting_rows.ts';

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
  /** Undefined: DuckDB in the data folder. */
  readonly clickhouse_url: string | undefined;
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
    readonly hold_days: number;
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
    clickhouse_url: text('CLICKHOUSE_URL'),
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
      hold_days: number('CYBERSOURCE_HOLD_DAYS', 5),
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
