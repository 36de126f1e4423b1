import { checks_of } from '../../platform/adapters/check.ts';
import { easypost_carrier } from '../../services/shipping/carriers/easypost.ts';
import { manual_carrier } from '../../services/shipping/carriers/manual.ts';
import { purolator_carrier } from '../../services/shipping/carriers/purolator.ts';
import { type ShippingSettings, settle_ms } from '../../services/shipping/model.ts';
import { shipping_routes } from '../../services/shipping/routes.ts';
import { migrations_folder, shipping_adapters, shipping_service } from '../../services/shipping/service.ts';
import type { Area, AreaGiven } from '../compose.ts';

export function shipping_area({ settings, third_parties, clock }: AreaGiven): Area {
  const { base_url, api_key, webhook_secret } = third_parties.easypost;
  const { label_currency } = settings;
  const shipping: ShippingSettings = {
    fulfillment: settings.fulfillment,
    sellers: settings.carriers,
    carriers: {
      manual: manual_carrier({ currency: label_currency }),
      easypost: easypost_carrier({ api_key, base_url, timeout_ms: third_parties.timeout_ms, now_ms: clock.now_ms }),
      purolator: purolator_carrier({
        ...third_parties.purolator,
        versions: settings.purolator.versions,
        clock,
        ...(third_parties.timeout_ms !== undefined && { timeout_ms: third_parties.timeout_ms }),
      }),
    },
    manual_delivery_ms: settings.manual_delivery_ms,
    label_currency,
    settle_ms: Math.ceil(settle_ms / settings.third_party_haste),
  };
  return {
    service: shipping_service(shipping),
    migrations_folder,
    adapters: shipping_adapters(shipping),
    checks: checks_of(shipping.carriers),
    routes: desk => shipping_routes(desk as never, { settings: shipping, webhook_secrets: { easypost: webhook_secret } }),
  };
}
