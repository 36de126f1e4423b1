/** Starts the stand-ins of third parties and tells them where our inbound webhooks are. They are third parties: nothing but the adapters may know them. */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { start_cybersource } from '../sandbox/cybersource/cybersource.ts';
import { test_certificate, test_key } from '../sandbox/cybersource/test_certificate.ts';
import { start_easypost } from '../sandbox/easypost/easypost.ts';
import { start_peppol_supplier } from '../sandbox/peppol_supplier/peppol_supplier.ts';
import { start_purolator } from '../sandbox/purolator/purolator.ts';
import type { StandIn } from '../sandbox/stand_in.ts';
import { start_stripe } from '../sandbox/stripe/stripe.ts';
import { start_supplier } from '../sandbox/supplier/supplier.ts';
import { start_x12_supplier } from '../sandbox/x12_supplier/x12_supplier.ts';
import type { ThirdParties } from './compose.ts';
import type { Settings } from './settings.ts';

export const sandbox_secrets = {
  stripe_key: 'sk_test_cartwright_sandbox',
  stripe_webhook: 'whsec_cartwright_sandbox_stripe',
  easypost_key: 'EZTK_cartwright_sandbox',
  easypost_webhook: 'cartwright-sandbox-easypost',
  purolator_key: 'cartwright_sandbox',
  purolator_password: 'cartwright-sandbox-purolator',
  purolator_account: '9999999999',
  supplier: 'cartwright-sandbox-supplier',
  cybersource_merchant: 'cartwright_sandbox',
  x12: 'cartwright-sandbox-x12',
  peppol: 'cartwright-sandbox-peppol',
} as const;

export interface Sandbox {
  readonly stand_ins: readonly StandIn[];
  /** Tells every stand-in where to send its webhooks. */
  aim(door_url: string | ((name: string) => string)): Promise<void>;
  stop(): Promise<void>;
}

const aim_timeout_ms = 5_000;
/** Labels of the stand-in are delivered within seconds. */
const sandbox_poll_ms = 2_000;
/** Where a stand-in's webhooks go, when that is not under its own name. */
export const inbound_paths: Readonly<Record<string, string>> = {
  x12_supplier: 'supplier/x12_http',
  peppol_supplier: 'supplier/peppol',
};

export async function start_sandbox(settings: Settings): Promise<Sandbox> {
  const folder = join(settings.data_folder, 'sandbox');
  await mkdir(folder, { recursive: true });
  const ledger = (name: string) => join(folder, `${name}.ndjson`);
  const stand_ins = [
    await named(
      'SANDBOX_STRIPE_PORT',
      start_stripe({ port: settings.sandbox_ports.stripe, secret_key: sandbox_secrets.stripe_key, ledger_file: ledger('stripe') }),
    ),
    await named(
      'SANDBOX_EASYPOST_PORT',
      start_easypost({ port: settings.sandbox_ports.easypost, api_key: sandbox_secrets.easypost_key, ledger_file: ledger('easypost') }),
    ),
    await named(
      'SANDBOX_PUROLATOR_PORT',
      start_purolator({
        port: settings.sandbox_ports.purolator,
        credentials: { key: sandbox_secrets.purolator_key, password: sandbox_secrets.purolator_password },
        ledger_file: ledger('purolator'),
      }),
    ),
    await named(
      'SANDBOX_SUPPLIER_PORT',
      start_supplier({ port: settings.sandbox_ports.supplier, api_key: sandbox_secrets.supplier, ledger_file: ledger('supplier') }),
    ),
    await named(
      'SANDBOX_CYBERSOURCE_PORT',
      start_cybersource({
        port: settings.sandbox_ports.cybersource,
        merchant_id: sandbox_secrets.cybersource_merchant,
        certificate: test_certificate,
        ledger_file: ledger('cybersource'),
      }),
    ),
    await named(
      'SANDBOX_X12_PORT',
      start_x12_supplier({ port: settings.sandbox_ports.x12_supplier, password: sandbox_secrets.x12, ledger_file: ledger('x12_supplier') }),
    ),
    await named(
      'SANDBOX_PEPPOL_PORT',
      start_peppol_supplier({
        port: settings.sandbox_ports.peppol_supplier,
        password: sandbox_secrets.peppol,
        ledger_file: ledger('peppol_supplier'),
      }),
    ),
  ];
  const secrets: Readonly<Record<string, string>> = {
    stripe: sandbox_secrets.stripe_webhook,
    easypost: sandbox_secrets.easypost_webhook,
    supplier: sandbox_secrets.supplier,
    x12_supplier: sandbox_secrets.x12,
    peppol_supplier: sandbox_secrets.peppol,
  };
  return {
    stand_ins,
    async aim(door_url) {
      await Promise.all(
        // The others send none.
        stand_ins
          .filter(({ name }) => secrets[name] !== undefined)
          .map(stand_in =>
            fetch(`${stand_in.url}/__sim/webhook`, {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({
                url: `${typeof door_url === 'string' ? door_url : door_url(stand_in.name)}/inbound/${inbound_paths[stand_in.name] ?? stand_in.name}`,
                secret: secrets[stand_in.name],
              }),
              signal: AbortSignal.timeout(aim_timeout_ms),
            }),
          ),
      );
    },
    async stop() {
      await Promise.all(stand_ins.map(stand_in => stand_in.stop()));
    },
  };
}

async function named<T>(setting: string, starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw Object.assign(new Error(`the port of a stand-in is taken: set ${setting} to another one (0: any free one)`, { cause }), {
      code: 'port_busy',
    });
  }
}

/** The stand-ins as a process reaches them that did not start them. */
export function stand_ins_elsewhere({ sandbox_ports }: Settings): readonly { readonly name: string; readonly url: string }[] {
  return Object.entries(sandbox_ports).flatMap(([name, port]) => (port === 0 ? [] : [{ name, url: `http://127.0.0.1:${port}` }]));
}

/** Live hosts where credentials are set, the stand-ins elsewhere. `urls`: of stand-ins by name, when a sandbox runs. */
export function third_parties(settings: Settings, urls: Readonly<Record<string, string>>): ThirdParties {
  const { stripe, easypost, purolator, cybersource, sandbox_ports } = settings;
  const stand_in = (name: string, port: number) => urls[name] ?? `http://127.0.0.1:${port}`;
  return {
    stripe: {
      base_url: stripe.base_url ?? (stripe.secret === undefined ? stand_in('stripe', sandbox_ports.stripe) : 'https://api.stripe.com'),
      secret_key: stripe.secret ?? sandbox_secrets.stripe_key,
      webhook_secret: stripe.webhook_secret ?? sandbox_secrets.stripe_webhook,
    },
    easypost: {
      base_url:
        easypost.base_url ??
        (easypost.secret === undefined ? `${stand_in('easypost', sandbox_ports.easypost)}/v2/` : 'https://api.easypost.com/v2/'),
      api_key: easypost.secret ?? sandbox_secrets.easypost_key,
      webhook_secret: easypost.webhook_secret ?? sandbox_secrets.easypost_webhook,
    },
    cybersource: {
      base_url:
        cybersource.base_url ??
        (cybersource.merchant_id === undefined ? stand_in('cybersource', sandbox_ports.cybersource) : 'https://ics2wsa.ic3.com'),
      merchant_id: cybersource.merchant_id ?? sandbox_secrets.cybersource_merchant,
      schema_version: cybersource.schema_version,
      ...cybersource_pems(cybersource),
    },
    purolator: {
      base_url:
        purolator.base_url ??
        (purolator.key === undefined ? stand_in('purolator', sandbox_ports.purolator) : 'https://webservices.purolator.com'),
      key: purolator.key ?? sandbox_secrets.purolator_key,
      password: purolator.password ?? sandbox_secrets.purolator_password,
      account: purolator.account ?? sandbox_secrets.purolator_account,
      ...(purolator.key === undefined && { poll_first_ms: sandbox_poll_ms }),
    },
    supplier: { base_url: stand_in('supplier', sandbox_ports.supplier), secret: sandbox_secrets.supplier },
    x12: x12_parties(settings, `${stand_in('x12_supplier', sandbox_ports.x12_supplier)}/x12`),
    peppol: peppol_parties(settings, `${stand_in('peppol_supplier', sandbox_ports.peppol_supplier)}/peppol`),
  };
}

function x12_parties({ sandbox, x12, data_folder }: Settings, stand_in_url: string): ThirdParties['x12'] {
  const url = x12.url ?? (sandbox ? stand_in_url : undefined);
  return {
    http: url === undefined ? undefined : { url, password: x12.password ?? (sandbox ? sandbox_secrets.x12 : '') },
    inbound_password: x12.inbound_password ?? (sandbox ? sandbox_secrets.x12 : undefined),
    folder: x12.folder ?? (sandbox ? join(data_folder, 'x12') : undefined),
  };
}

function peppol_parties({ sandbox, peppol }: Settings, stand_in_url: string): ThirdParties['peppol'] {
  const url = peppol.url ?? (sandbox ? stand_in_url : undefined);
  return {
    http: url === undefined ? undefined : { url, password: peppol.password ?? (sandbox ? sandbox_secrets.peppol : '') },
    inbound_password: peppol.inbound_password ?? (sandbox ? sandbox_secrets.peppol : undefined),
  };
}

/** What signs for the merchant; of the stand-in's merchant a published pair. Throws `wrong_settings` for files that cannot be read. */
function cybersource_pems({ merchant_id, key_file, certificate_file }: Settings['cybersource']): {
  key_pem: string;
  certificate_pem: string;
} {
  if (merchant_id === undefined) return { key_pem: test_key, certificate_pem: test_certificate };
  return { key_pem: pem_in('CYBERSOURCE_KEY_FILE', key_file), certificate_pem: pem_in('CYBERSOURCE_CERTIFICATE_FILE', certificate_file) };
}
function pem_in(setting: string, file: string | undefined): string {
  try {
    return readFileSync(file ?? '', 'utf8');
  } catch (cause) {
    throw Object.assign(new Error(`${setting} must be a PEM file that can be read`, { cause }), { code: 'wrong_settings' });
  }
}
