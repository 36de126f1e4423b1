/** Partners that write documents in envelopes: their numbers, what they sent, and the folders that are looked at for more. */
import type { OpenException } from './model_order.ts';

export type PartnerChannel = 'x12_http' | 'x12_files' | 'peppol';
export const partner_channels: readonly string[] = ['x12_http', 'x12_files', 'peppol'] satisfies readonly PartnerChannel[];
export function is_partner_channel(channel: string | null): channel is PartnerChannel {
  return channel !== null && partner_channels.includes(channel);
}

/** As the envelope names it. */
export interface PartyName {
  readonly qualifier: string;
  readonly id: string;
}
export function partner_of({ qualifier, id }: PartyName): string {
  return `${qualifier}/${id}`;
}
export function party_of(partner: string): PartyName {
  const [qualifier = '', id = ''] = partner.split('/');
  return { qualifier, id };
}

/** Reference data, by partner. */
export interface Partner {
  readonly supplier_id: string;
  readonly channel: string;
}
/** Reference data, by `partner reference` or `partner #control number`: an order is only its own supplier's to write about. Nothing of it ever changes. */
export interface NamedOrder {
  readonly po_id: string;
  readonly supplier_id: string;
  readonly location_id: string;
  readonly skus: readonly string[];
}

/** Reference data, by channel: orders that its suppliers must have, sent first. */
export interface OpenOrder {
  readonly po_id: string;
  readonly sent_at: string;
}
export const open_orders_max = 1_000;
/** Reference data, by purchase order id. */
export interface KnownOrder {
  readonly status: string;
  readonly sending: string;
}

export interface ControlNumber {
  readonly last: number;
}
export const control_number_max = 999_999_999;
export function next_control_number({ last }: ControlNumber): number {
  return last >= control_number_max ? 1 : last + 1;
}

export interface ReceivedInterchange {
  readonly channel: string;
  readonly partner: string;
  readonly control: string;
  /** Empty: not known. */
  readonly digest: string;
  /** In base64. */
  readonly raw: string;
  readonly status: 'taken' | 'quarantined';
  readonly reply: string | null;
  readonly received_at: string;
  readonly exceptions: readonly OpenException[];
}
export function new_interchange(): ReceivedInterchange {
  return { channel: '', partner: '', control: '', digest: '', raw: '', status: 'taken', reply: null, received_at: '', exceptions: [] };
}

export interface Watch {
  /** The look that is under way; null: none. */
  readonly op_id: string | null;
  /** Files that were taken, and where the next look puts them. */
  readonly settle: readonly { readonly name: string; readonly to: 'done' | 'failed' }[];
}

/** 22 characters at most (X12 324): all of a purchase order's id but the prefix and the first six of its time. */
export function reference_of(po_id: string): string {
  return `PO${po_id.replace(/^po_/, '').slice(-20)}`.toUpperCase();
}

/** Who we are in Peppol documents: a scheme of ISO 6523 and an id, and the name that stands in them. */
export interface PeppolSettings {
  readonly sender: PartyName & { readonly name: string };
  /** A purchase order to which nothing was said is shown to a person after so long. */
  readonly receipt_wait_ms: number;
}
/** 9999: of no scheme; a partner that knows us by another id has to be told to Cartwright first. */
export const peppol_presets: PeppolSettings = {
  sender: { qualifier: '9999', id: 'CARTWRIGHT', name: 'Cartwright' },
  receipt_wait_ms: 24 * 3_600_000,
};

/** Who we are in envelopes, and how long what is expected may take. */
export interface X12Settings {
  readonly sender: PartyName;
  readonly usage: 'P' | 'T';
  /** A purchase order without a 997 is shown to a person after so long. */
  readonly receipt_wait_ms: number;
  /** How often a folder is looked at. */
  readonly poll_ms: number;
}
export const x12_presets: X12Settings = {
  sender: { qualifier: 'ZZ', id: 'CARTWRIGHT' },
  usage: 'P',
  receipt_wait_ms: 2 * 3_600_000,
  poll_ms: 30_000,
};
