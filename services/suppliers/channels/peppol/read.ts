/** A Peppol document as it came: who wrote it to whom and under which id, what it says, or why nothing of it can be used. */
import { child, parse_xml, text_at, type XmlElement, XmlError } from '../../../../platform/xml/parse.ts';
import type { PartyName } from '../../model_partners.ts';
import type { TradeDocument } from '../trade.ts';
import { read_despatch } from './despatch.ts';
import { read_response } from './response.ts';
import { id_length_max, namespace_of, transaction_of, Unusable } from './ubl.ts';

/**
 * A thousand lines, each with thirty elements and the white space between them. Measured on two busy cores: 613 KB of such lines take 0.25 s of one of
 * them, the worst of 100,000 nodes 1.4 s; who does not know the password is not read.
 */
export const document_bytes_max = 1024 * 1024;
const nodes_max = 100_000;

interface Kind {
  readonly transaction: string;
  readonly sender: readonly string[];
  readonly receiver: readonly string[];
  read(root: XmlElement, document_ref: string): readonly TradeDocument[];
}
/** By the local name of the root. */
const kinds: Readonly<Record<string, Kind>> = {
  OrderResponse: {
    transaction: transaction_of('order_response'),
    sender: ['SellerSupplierParty', 'Party', 'EndpointID'],
    receiver: ['BuyerCustomerParty', 'Party', 'EndpointID'],
    read: read_response,
  },
  DespatchAdvice: {
    transaction: transaction_of('despatch_advice'),
    sender: ['DespatchSupplierParty', 'Party', 'EndpointID'],
    receiver: ['DeliveryCustomerParty', 'Party', 'EndpointID'],
    read: read_despatch,
  },
};

export type ReadDocument =
  /** Nobody is named: it can only be kept. */
  | { readonly unreadable: string }
  | {
      readonly sender: PartyName;
      readonly receiver: PartyName;
      /** The kind and the sender's own id: the same document has the same, however often it comes. */
      readonly control: string;
      readonly documents: readonly TradeDocument[];
      /** Why nothing of it counts. */
      readonly fault?: string;
    };

/** Never throws, whatever the bytes are. */
export function read_document(bytes: Uint8Array): ReadDocument {
  const root = root_of(bytes);
  if (typeof root === 'string') return { unreadable: root };
  const kind = Object.hasOwn(kinds, root.name) ? kinds[root.name] : undefined;
  if (kind === undefined || root.namespace !== namespace_of(root.name))
    return { unreadable: `${root.name.slice(0, 60)}: such documents are not taken` };
  const sender = party_in(root, kind.sender);
  const receiver = party_in(root, kind.receiver);
  const id = text_at(root, 'ID');
  if (sender === undefined || receiver === undefined || id === undefined || id.length > id_length_max)
    return { unreadable: `${root.name}: it has no id, or not the endpoints of both parties` };
  const named = { sender, receiver, control: `${root.name} ${id}` };
  const customization = text_at(root, 'CustomizationID') ?? 'nothing';
  if (!is_transaction(customization, kind.transaction))
    return { ...named, documents: [], fault: `CustomizationID: ${customization.slice(0, id_length_max)} is not ${kind.transaction}` };
  try {
    return { ...named, documents: kind.read(root, `${sender.qualifier}:${sender.id}/${root.name}/${id}`) };
  } catch (error) {
    if (error instanceof Unusable) return { ...named, documents: [], fault: error.message };
    throw error;
  }
}

function root_of(bytes: Uint8Array): XmlElement | string {
  try {
    return parse_xml(bytes, document_bytes_max, nodes_max);
  } catch (error) {
    if (error instanceof XmlError) return error.message;
    throw error;
  }
}

/** Extensions of a transaction say so behind its name: they may add, and not change what is there. */
function is_transaction(customization: string, transaction: string): boolean {
  return customization === transaction || customization.startsWith(`${transaction}:`);
}

/** ISO 6523: a scheme of four digits, an id of fifty characters at most. */
function party_in(root: XmlElement, path: readonly string[]): PartyName | undefined {
  const endpoint = child(root, ...path);
  const [qualifier, id] = [endpoint?.attributes['schemeID'] ?? '', endpoint?.text.trim() ?? ''];
  return /^[A-Za-z0-9]{2,4}$/.test(qualifier) && /^[A-Za-z0-9._-]{1,64}$/.test(id) ? { qualifier, id } : undefined;
}
