import { checks_of } from '../../platform/adapters/check.ts';
import { suppliers_adapters } from '../../services/suppliers/adapters.ts';
import { rest_channel } from '../../services/suppliers/channels/rest.ts';
import { check_x12_files, check_x12_http } from '../../services/suppliers/channels/x12_check.ts';
import type { SuppliersSettings } from '../../services/suppliers/model.ts';
import { party_of } from '../../services/suppliers/model_partners.ts';
import { suppliers_routes } from '../../services/suppliers/routes.ts';
import { migrations_folder, suppliers_service } from '../../services/suppliers/service.ts';
import type { Area, AreaGiven } from '../compose.ts';

/** In the sandbox a purchase order that was cut off before it arrived is sent again soon, and proposals are gathered for seconds, not for a day. */
const sandbox_settle_ms = 3_000;
const sandbox_accept_every_ms = 5_000;

export function suppliers_area({ settings, third_parties, clock }: AreaGiven): Area {
  const { base_url, secret } = third_parties.supplier;
  const { http, folder, inbound_password } = third_parties.x12;
  const { sender, usage, receipt_wait_ms, poll_ms } = settings.x12;
  const us = party_of(sender);
  const { peppol } = third_parties;
  const us_in_peppol = { ...party_of(settings.peppol.sender), name: settings.peppol.name };
  const rest = { base_url, api_key: secret, timeout_ms: third_parties.timeout_ms };
  const x12_http = http && { ...http, user: us.id, timeout_ms: third_parties.timeout_ms };
  const x12_files = folder === undefined ? undefined : { folder };
  const suppliers: SuppliersSettings = {
    replenishment: settings.replenishment,
    x12: { sender: us, usage, receipt_wait_ms, poll_ms },
    peppol: { sender: us_in_peppol, receipt_wait_ms: settings.peppol.receipt_wait_ms },
    ...(settings.sandbox ? { accept_every_ms: sandbox_accept_every_ms, auto_receive: settings.replenishment === 'auto' } : {}),
  };
  const adapters = suppliers_adapters({
    rest,
    x12_http,
    x12_files,
    peppol: peppol.http && { ...peppol.http, user: us_in_peppol.id, timeout_ms: third_parties.timeout_ms },
    now_ms: clock.now_ms,
    ...(settings.sandbox ? { settle_ms: sandbox_settle_ms } : {}),
  });
  return {
    service: suppliers_service(suppliers),
    migrations_folder,
    adapters,
    checks: {
      ...checks_of({ supplier: rest_channel({ name: 'rest', ...rest, now_ms: clock.now_ms }) }),
      ...(x12_http && { x12_http: (signal: AbortSignal) => check_x12_http(x12_http, clock.now_ms, signal) }),
      ...(x12_files && { x12_files: () => check_x12_files(x12_files) }),
    },
    routes: desk =>
      suppliers_routes(desk as never, {
        channels: Object.keys(adapters),
        inbound_secret: secret,
        x12_secret: inbound_password,
        peppol_secret: peppol.inbound_password,
      }),
  };
}
