/** How the platform reaches suppliers, by provider: the channel of a purchase order. Orders of the channel `manual` need no call. */
import type { Adapter } from '../../platform/service.ts';
import { type PeppolHttpSettings, peppol_channel } from './channels/peppol.ts';
import { rest_channel } from './channels/rest.ts';
import { x12_files_channel } from './channels/x12_files.ts';
import { type X12HttpSettings, x12_http_channel } from './channels/x12_http.ts';

export interface SuppliersAdaptersSettings {
  /** Of the suppliers of channel `rest`: where they listen, and the key that they gave us. */
  readonly rest: { readonly base_url: string; readonly api_key: string; readonly timeout_ms?: number };
  /** Absent: no supplier can have the channel. */
  readonly x12_http?: X12HttpSettings | undefined;
  readonly x12_files?: { readonly folder: string } | undefined;
  readonly peppol?: PeppolHttpSettings | undefined;
  /** Before this "not found" proves nothing; default 15 minutes. */
  readonly settle_ms?: number;
  now_ms(): number;
}

export function suppliers_adapters({
  rest,
  x12_http,
  x12_files,
  peppol,
  settle_ms,
  now_ms,
}: SuppliersAdaptersSettings): Readonly<Record<string, Adapter>> {
  const settle = settle_ms === undefined ? {} : { settle_ms };
  return {
    rest: rest_channel({ name: 'rest', ...rest, ...settle, now_ms }).adapter,
    ...(x12_http && { x12_http: x12_http_channel(x12_http) }),
    ...(x12_files && { x12_files: x12_files_channel(x12_files) }),
    ...(peppol && { peppol: peppol_channel(peppol) }),
  };
}
