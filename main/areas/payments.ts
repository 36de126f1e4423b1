import { checks_of } from '../../platform/adapters/check.ts';
import {
  again_default_ms,
  type CybersourceSettings,
  cybersource_gateway,
  lost_wait_default_ms,
} from '../../services/payments/gateways/cybersource.ts';
import { signer_of } from '../../services/payments/gateways/cybersource_signature.ts';
import { manual_gateway } from '../../services/payments/gateways/manual.ts';
import { settle_ms, stripe_gateway } from '../../services/payments/gateways/stripe.ts';
import { payments_routes } from '../../services/payments/routes.ts';
import { migrations_folder, payments_adapters, payments_service, payments_watches } from '../../services/payments/service.ts';
import type { Area, AreaGiven } from '../compose.ts';

const stripe_timeout_ms = 20_000;
const cybersource_timeout_ms = 30_000;
const day_ms = 24 * 3_600_000;

export function payments_area(given: AreaGiven): Area {
  const { settings, third_parties, clock } = given;
  const { base_url, secret_key, webhook_secret } = third_parties.stripe;
  const gateways = {
    manual: manual_gateway,
    stripe: stripe_gateway({
      base_url,
      secret_key,
      webhook_secret,
      timeout_ms: third_parties.timeout_ms ?? stripe_timeout_ms,
      now_ms: clock.now_ms,
      settle_ms: Math.ceil(settle_ms / settings.third_party_haste),
    }),
    cybersource: cybersource_gateway(cybersource_settings(given)),
  };
  return {
    service: payments_service({ gateways }),
    migrations_folder,
    adapters: payments_adapters(gateways),
    begins: payments_watches(gateways),
    checks: checks_of(gateways),
    routes: desk => payments_routes(desk as never, { gateways, webhook_secrets: { stripe: webhook_secret } }),
  };
}

function cybersource_settings({ third_parties, settings, clock }: AreaGiven): CybersourceSettings {
  const { key_pem, certificate_pem, ...named } = third_parties.cybersource;
  return {
    ...named,
    signer: signer(key_pem, certificate_pem),
    timeout_ms: third_parties.timeout_ms ?? cybersource_timeout_ms,
    lost_wait_ms: Math.ceil(lost_wait_default_ms / settings.third_party_haste),
    again_ms: Math.ceil(again_default_ms / settings.third_party_haste),
    hold_ms: settings.cybersource.hold_days * day_ms,
    payer_url: op_id => `${settings.public_url}/inbound/cybersource/payer/${op_id}`,
    now_ms: clock.now_ms,
  };
}

function signer(key_pem: string, certificate_pem: string): CybersourceSettings['signer'] {
  try {
    return signer_of(key_pem, certificate_pem);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'they cannot be read';
    throw Object.assign(new Error(`CYBERSOURCE_KEY_FILE and CYBERSOURCE_CERTIFICATE_FILE: ${why}`, { cause }), { code: 'wrong_settings' });
  }
}
