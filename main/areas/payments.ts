import { checks_of } from '../../platform/adapters/check.ts';
import { manual_gateway } from '../../services/payments/gateways/manual.ts';
import { stripe_gateway } from '../../services/payments/gateways/stripe.ts';
import { payments_routes } from '../../services/payments/routes.ts';
import { migrations_folder, payments_adapters, payments_service } from '../../services/payments/service.ts';
import type { Area, AreaGiven } from '../compose.ts';

const stripe_timeout_ms = 20_000;

export function payments_area({ third_parties, clock }: AreaGiven): Area {
  const { base_url, secret_key, webhook_secret } = third_parties.stripe;
  const gateways = {
    manual: manual_gateway,
    stripe: stripe_gateway({
      base_url,
      secret_key,
      webhook_secret,
      timeout_ms: third_parties.timeout_ms ?? stripe_timeout_ms,
      now_ms: clock.now_ms,
    }),
  };
  return {
    service: payments_service({ gateways }),
    migrations_folder,
    adapters: payments_adapters(gateways),
    checks: checks_of(gateways),
    routes: desk => payments_routes(desk as never, { gateways, webhook_secrets: { stripe: webhook_secret } }),
  };
}
