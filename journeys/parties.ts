/** The stand-ins of third parties, quick and on the shop's clock, with what their operators could tell: what really happened, and what is to go wrong. */
import assert from 'node:assert/strict';
import { inbound_paths, sandbox_secrets } from '../main/sandbox.ts';
import { start_cybersource } from '../sandbox/cybersource/cybersource.ts';
import { test_certificate } from '../sandbox/cybersource/test_certificate.ts';
import { start_easypost } from '../sandbox/easypost/easypost.ts';
import { start_peppol_supplier } from '../sandbox/peppol_supplier/peppol_supplier.ts';
import { start_purolator } from '../sandbox/purolator/purolator.ts';
import type { LedgerEntry, StandIn } from '../sandbox/stand_in.ts';
import { start_stripe } from '../sandbox/stripe/stripe.ts';
import { start_supplier } from '../sandbox/supplier/supplier.ts';
import { start_x12_supplier } from '../sandbox/x12_supplier/x12_supplier.ts';

const deliver_default_ms = 400;
const later_ms = 50;
/** Longer than any journey: banks answer when it says so. */
const bank_ms = 3_600_000;

export interface Fault {
  readonly fault: string;
  readonly match?: { readonly method?: string; readonly path?: string; readonly type?: string };
  readonly times?: number;
  readonly delay_ms?: number;
  readonly status?: number;
  readonly executed?: boolean;
  readonly probability?: number;
}
export interface Party {
  readonly name: string;
  readonly url: string;
  /** Everything that really happened there: of a kind, and about one order, if named. */
  ledger(kind?: string, reference?: string): readonly LedgerEntry[];
  fail(fault: Fault): Promise<void>;
  heal(): Promise<void>;
  /** What happens there without our asking, as its `deeds.ts` has it. */
  deed(deed: string, id: string): Promise<void>;
}
export interface Parties {
  readonly stripe: Party;
  readonly easypost: Party;
  readonly purolator: Party;
  readonly supplier: Party;
  readonly cybersource: Party;
  readonly x12_supplier: Party;
  readonly peppol_supplier: Party;
  /** Settings under which the services reach them. */
  readonly env: Readonly<Record<string, string>>;
  /** Where their webhooks go. */
  aim(door_url: string): Promise<void>;
  stop(): Promise<void>;
}

/** `deliver_after_ms`: so soon a label is on its way, and can no longer be given back. */
export async function start_parties(now_ms: () => number, deliver_after_ms = deliver_default_ms): Promise<Parties> {
  const [stripe, easypost, purolator, supplier, cybersource, x12_supplier, peppol_supplier] = await Promise.all([
    start_stripe({ secret_key: sandbox_secrets.stripe_key, later_ms, bank_ms, now_ms }),
    start_easypost({ api_key: sandbox_secrets.easypost_key, deliver_after_ms, refund_after_ms: later_ms, now_ms }),
    start_purolator({
      credentials: { key: sandbox_secrets.purolator_key, password: sandbox_secrets.purolator_password },
      deliver_after_ms,
      now_ms,
    }),
    start_supplier({
      api_key: sandbox_secrets.supplier,
      acknowledge_after_ms: later_ms,
      ship_after_ms: later_ms,
      invoice_after_ms: later_ms,
      now_ms,
    }),
    start_cybersource({ merchant_id: sandbox_secrets.cybersource_merchant, certificate: test_certificate, now_ms }),
    start_x12_supplier({
      password: sandbox_secrets.x12,
      acknowledge_after_ms: later_ms,
      ship_after_ms: later_ms,
      invoice_after_ms: later_ms,
      ship_backorders_after_ms: later_ms,
      now_ms,
    }),
    start_peppol_supplier({
      password: sandbox_secrets.peppol,
      acknowledge_after_ms: later_ms,
      ship_after_ms: later_ms,
      ship_backorders_after_ms: later_ms,
      now_ms,
    }),
  ]);
  const secrets = new Map([
    [stripe, sandbox_secrets.stripe_webhook],
    [easypost, sandbox_secrets.easypost_webhook],
    [supplier, sandbox_secrets.supplier],
    [x12_supplier, sandbox_secrets.x12],
    [peppol_supplier, sandbox_secrets.peppol],
  ]);
  return {
    stripe: party(stripe),
    easypost: party(easypost),
    purolator: party(purolator),
    supplier: party(supplier),
    cybersource: party(cybersource),
    x12_supplier: party(x12_supplier),
    peppol_supplier: party(peppol_supplier),
    env: {
      STRIPE_BASE_URL: stripe.url,
      EASYPOST_BASE_URL: `${easypost.url}/v2/`,
      PUROLATOR_BASE_URL: purolator.url,
      SANDBOX_SUPPLIER_PORT: String(supplier.port),
      SANDBOX_CYBERSOURCE_PORT: String(cybersource.port),
      SANDBOX_X12_PORT: String(x12_supplier.port),
      SANDBOX_PEPPOL_PORT: String(peppol_supplier.port),
    },
    async aim(door_url) {
      await Promise.all(
        [...secrets].map(([{ name, url }, secret]) =>
          ask(url, 'POST', 'webhook', { url: `${door_url}/inbound/${inbound_paths[name] ?? name}`, secret }),
        ),
      );
    },
    async stop() {
      await Promise.all([...secrets.keys(), purolator, cybersource].map(stand_in => stand_in.stop()));
    },
  };
}

async function ask(url: string, method: string, what: string, body?: object): Promise<void> {
  const answer = await fetch(`${url}/__sim/${what}`, { method, ...(body && { body: JSON.stringify(body) }) });
  assert.ok(answer.ok, await answer.text());
}

function party(stand_in: StandIn): Party {
  const { name, url } = stand_in;
  return {
    name,
    url,
    ledger: (kind, reference) =>
      stand_in
        .ledger()
        .filter(entry => (kind === undefined || entry.kind === kind) && (reference === undefined || entry.reference === reference)),
    fail: fault => ask(url, 'POST', 'faults', { match: {}, ...fault }),
    heal: () => ask(url, 'DELETE', 'faults'),
    deed: (deed, id) => ask(url, 'POST', 'deeds', { deed, id }),
  };
}
