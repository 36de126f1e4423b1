/** What came in by a partner's channel, read before it becomes a command: every interchange with its documents, its answer, and its own fingerprint. */
import { hash } from 'node:crypto';
import { read_document } from './channels/peppol/read.ts';
import type { TradeDocument } from './channels/trade.ts';
import { documents_of } from './channels/x12/documents.ts';
import { type Interchange, read_transmission } from './channels/x12/read.ts';
import type { NewSet } from './channels/x12/write.ts';
import { type PartyName, partner_of } from './model_partners.ts';

export interface InboundInterchange {
  /** From sender, receiver and number: the same interchange comes under the same id, however often. */
  readonly id: string;
  /** From its bytes: of one that cannot have the other id, because another has it or because it has no number. */
  readonly quarantine_id: string;
  readonly sender: PartyName;
  readonly receiver: PartyName;
  readonly control: string;
  readonly digest: string;
  /** In base64. */
  readonly raw: string;
  /** Why nothing of it counts; null: it is whole. */
  readonly fault: string | null;
  readonly documents: readonly TradeDocument[];
  /** Of single sets that cannot be used. */
  readonly refused: readonly string[];
  /** The sets of its 997, as it is, and if it had to be refused whole. */
  readonly receipts: readonly NewSet[];
  readonly refusals: readonly NewSet[];
}

const nobody = { qualifier: '', id: '' };
const of_nobody = { sender: nobody, receiver: nobody, control: '', documents: [], refused: [], receipts: [], refusals: [] };

/** Never empty, never throws: what is no interchange is one that cannot be read. */
export function read_inbound(raw: Uint8Array): readonly InboundInterchange[] {
  const { interchanges, fault } = read_transmission(raw);
  const read = interchanges.map(inbound_of);
  if (fault === undefined) return read;
  return [...read, { ...of_nobody, ...fingerprint(raw, ''), fault: `${fault.code}: ${fault.detail}` }];
}

/** One document, and never an answer to it: Peppol has none. What is refused whole leaves its id free for the document that should have come. */
export function read_inbound_peppol(raw: Uint8Array): readonly InboundInterchange[] {
  const read = read_document(raw);
  if ('unreadable' in read) return [{ ...of_nobody, ...fingerprint(raw, ''), fault: read.unreadable }];
  const { sender, receiver, control, documents } = read;
  const storable = documents.every(is_storable);
  const fault = read.fault ?? (storable ? null : 'characters that cannot be kept');
  const name = fault === null ? `${partner_of(sender)} ${partner_of(receiver)} ${control}` : '';
  const rest = { refused: [], receipts: [], refusals: [], fault };
  return [{ sender, receiver, control, documents: fault === null ? documents : [], ...rest, ...fingerprint(raw, name) }];
}

function inbound_of(interchange: Interchange): InboundInterchange {
  const { sender, receiver, control, fault, text } = interchange;
  const { documents, refused, receipts } = documents_of(interchange);
  const broken = { ...interchange, fault: fault ?? { code: 'refused', detail: '' } };
  return {
    sender,
    receiver,
    control,
    documents: documents.filter(is_storable),
    refused: [
      ...refused,
      ...documents.filter(document => !is_storable(document)).map(({ document_ref }) => `${document_ref}: characters that cannot be kept`),
    ],
    receipts,
    refusals: documents_of(broken).receipts,
    fault: fault === undefined ? null : `${fault.code}: ${fault.detail}`,
    ...fingerprint(Buffer.from(text, 'utf8'), `${partner_of(sender)} ${partner_of(receiver)} ${control}`),
  };
}

/** Half characters are text here, and none that PostgreSQL keeps. */
function is_storable(document: TradeDocument): boolean {
  return JSON.stringify(document).isWellFormed() && !/\\u(?:0000|d[89a-f][0-9a-f]{2})/i.test(JSON.stringify(document));
}

function fingerprint(raw: Uint8Array, name: string) {
  const digest = hash('sha256', raw, 'hex');
  const quarantine_id = `int_${hash('sha256', `quarantine ${digest}`, 'hex').slice(0, 26)}`;
  const id = name === '' ? quarantine_id : `int_${hash('sha256', name, 'hex').slice(0, 26)}`;
  return { id, quarantine_id, digest, raw: Buffer.from(raw).toString('base64') };
}
