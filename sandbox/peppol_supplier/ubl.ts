/** Peppol BIS 3 as this supplier writes and reads it: the order it is sent (T01), the order response (T76) and the despatch advice (T16) it answers with. */
import { DOMParser } from '@xmldom/xmldom';
import { acknowledge, backorder_ms, type OrderLine, type ShippedLine } from '../supplier/documents.ts';

const ubl = 'urn:oasis:names:specification:ubl:schema:xsd';
const spaces = { cac: `${ubl}:CommonAggregateComponents-2`, cbc: `${ubl}:CommonBasicComponents-2` };

export interface Party {
  readonly scheme: string;
  readonly id: string;
  readonly name: string;
}
export interface PeppolOrder {
  /** The buyer's. */
  readonly reference: string;
  readonly supplier_reference: string;
  readonly buyer: Party;
  readonly seller: Party;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly text: string;
  readonly state: 'received' | 'acknowledged' | 'shipped';
  readonly backorders_shipped: boolean;
}

// --- what it reads

/** The order in a document T01, or a text that says what is wrong with it. Money of this supplier has two decimals. */
export function order_in(text: string): Pick<PeppolOrder, 'reference' | 'buyer' | 'seller' | 'currency' | 'lines'> | string {
  const root = parse(text);
  if (root?.localName !== 'Order' || root.namespaceURI !== `${ubl}:Order-2`) return 'no UBL order';
  const said = (...path: readonly string[]) => text_at(root, ...path);
  if (said('CustomizationID') !== 'urn:fdc:peppol.eu:poacc:trns:order:3') return 'CustomizationID';
  const buyer = party_in(root, 'BuyerCustomerParty');
  const seller = party_in(root, 'SellerSupplierParty');
  const [reference, currency] = [said('ID'), said('DocumentCurrencyCode')];
  if (reference === '' || buyer === undefined || seller === undefined || !/^[A-Z]{3}$/.test(currency)) return 'header';
  const lines = elements(root, 'OrderLine').map(line => line_in(line));
  const good = lines.filter(line => line !== undefined);
  if (good.length === 0 || good.length < lines.length) return 'OrderLine';
  const total = good.reduce((sum, { quantity, cost }) => sum + quantity * cost, 0);
  return minor(said('AnticipatedMonetaryTotal', 'PayableAmount')) === total
    ? { reference, buyer, seller, currency, lines: good }
    : 'PayableAmount';
}

function line_in(line: Element): OrderLine | undefined {
  const item = elements(line, 'LineItem')[0];
  if (item === undefined) return undefined;
  const [line_no, quantity, cost] = [text_at(item, 'ID'), text_at(item, 'Quantity'), minor(text_at(item, 'Price', 'PriceAmount'))];
  if (!/^\d{1,6}$/.test(line_no) || !/^[1-9]\d{0,9}$/.test(quantity) || cost === undefined) return undefined;
  if (elements(item, 'Quantity')[0]?.getAttribute('unitCode') !== 'C62') return undefined;
  if (minor(text_at(item, 'LineExtensionAmount')) !== cost * Number(quantity)) return undefined;
  const code = (name: string) => text_at(item, 'Item', name, 'ID');
  const [supplier_sku, sku] = [code('SellersItemIdentification'), code('BuyersItemIdentification')];
  return { line_no: Number(line_no), supplier_sku, sku, quantity: Number(quantity), cost };
}

function minor(text: string): number | undefined {
  return /^\d{1,12}(\.\d{1,2})?$/.test(text) ? Math.round(Number(text) * 100) : undefined;
}
function party_in(root: Element, role: string): Party | undefined {
  const party = elements(root, role).flatMap(one => elements(one, 'Party'))[0];
  const endpoint = party && elements(party, 'EndpointID')[0];
  const scheme = endpoint?.getAttribute('schemeID') ?? '';
  if (party === undefined || scheme === '') return undefined;
  return { scheme, id: text_at(party, 'EndpointID'), name: text_at(party, 'PartyLegalEntity', 'RegistrationName') };
}
function parse(text: string): Element | undefined {
  let wrong = false;
  const note = () => {
    wrong = true;
  };
  try {
    const document = new DOMParser({ locator: {}, errorHandler: { warning: note, error: note, fatalError: note } }).parseFromString(
      text,
      'text/xml',
    );
    return wrong ? undefined : (document.documentElement ?? undefined);
  } catch {
    return undefined;
  }
}
function elements(of: Element, name: string): readonly Element[] {
  return Array.from(of.childNodes).filter(
    (one): one is Element => one.nodeType === one.ELEMENT_NODE && (one as Element).localName === name,
  );
}
function text_at(of: Element, ...path: readonly string[]): string {
  const found = path.reduce<Element | undefined>((at, name) => at && elements(at, name)[0], of);
  return found?.textContent?.trim() ?? '';
}

// --- what it writes

const safe = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const cbc = (name: string, text: string | number, attributes = '') => `<cbc:${name}${attributes}>${safe(String(text))}</cbc:${name}>`;
const cac = (name: string, ...inside: readonly string[]) => `<cac:${name}>${inside.join('')}</cac:${name}>`;
const day = (at: number | string) => new Date(at).toISOString().slice(0, 10);
const units = (name: string, quantity: number) => cbc(name, quantity, ' unitCode="C62"');

function document(name: string, transaction: string, at_ms: number, id: string, content: string, before_time = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<${name} xmlns="${ubl}:${name}-2" xmlns:cac="${spaces.cac}" xmlns:cbc="${spaces.cbc}">
${cbc('CustomizationID', `urn:fdc:peppol.eu:poacc:trns:${transaction}:3`)}
${cbc('ProfileID', name === 'OrderResponse' ? 'urn:fdc:peppol.eu:poacc:bis:ordering:3' : 'urn:fdc:peppol.eu:poacc:bis:despatch_advice:3')}
${cbc('ID', id)}${before_time}
${cbc('IssueDate', day(at_ms))}
${cbc('IssueTime', new Date(at_ms).toISOString().slice(11, 19))}
${content}
</${name}>
`;
}
const party = ({ scheme, id, name }: Party) =>
  cac('Party', cbc('EndpointID', id, ` schemeID="${safe(scheme)}"`), cac('PartyLegalEntity', cbc('RegistrationName', name)));
const item = (name: string, seller: string, buyer?: string) =>
  cac(
    'Item',
    cbc('Name', name),
    ...(buyer === undefined ? [] : [cac('BuyersItemIdentification', cbc('ID', buyer))]),
    cac('SellersItemIdentification', cbc('ID', seller)),
  );

/** `received`: it came (AB). Else what becomes of its lines: AP, RE, or CA with all of them. */
export function order_response(order: PeppolOrder, id: string, now_ms: number, lead_ms: number, how: 'received' | 'decided'): string {
  const told = order.lines.map(line => ({ line, told: acknowledge(line, now_ms, lead_ms) }));
  const every = (status: string) => told.every(one => one.told.status === status);
  const code = how === 'received' ? 'AB' : every('accept') ? 'AP' : every('reject') ? 'RE' : 'CA';
  const soon = cac('Delivery', cac('PromisedDeliveryPeriod', cbc('EndDate', day(now_ms + lead_ms))));
  return document(
    'OrderResponse',
    'order_response',
    now_ms,
    id,
    [
      cbc('OrderResponseCode', code),
      cbc('DocumentCurrencyCode', order.currency),
      cac('OrderReference', cbc('ID', order.reference)),
      cac('SellerSupplierParty', party(order.seller)),
      cac('BuyerCustomerParty', party(order.buyer)),
      ...(code === 'AP' ? [soon] : []),
      ...(code === 'CA'
        ? told.map(({ line, told: answer }) =>
            response_line(line, answer, order.currency, { soon: now_ms + lead_ms, late: now_ms + backorder_ms }),
          )
        : []),
    ].join('\n'),
    `\n${cbc('SalesOrderID', order.supplier_reference)}`,
  );
}

type Answer = ReturnType<typeof acknowledge>;
const line_codes: Readonly<Record<Answer['status'], string>> = {
  ...{ accept: '5', reject: '7' },
  ...{ backorder: '3', partial: '3', reschedule: '3', substitute: '3', price: '3' },
};

function response_line(
  line: OrderLine,
  told: Answer,
  currency: string,
  { soon, late }: { readonly soon: number; readonly late: number },
): string {
  const period = (from: number, until: number) =>
    cac('Delivery', cac('PromisedDeliveryPeriod', cbc('StartDate', day(from)), cbc('EndDate', day(until))));
  const dates = told.backordered === 0 ? period(soon, soon) : period(told.confirmed === 0 ? late : soon, late);
  return cac(
    'OrderLine',
    cac(
      'LineItem',
      cbc('ID', line.line_no),
      cbc('LineStatusCode', line_codes[told.status]),
      units('Quantity', told.status === 'reject' ? line.quantity : told.confirmed),
      ...(told.backordered > 0 ? [units('MaximumBackorderQuantity', told.backordered)] : []),
      ...(told.status === 'reject' ? [] : [dates]),
      cac('Price', cbc('PriceAmount', ((told.cost ?? line.cost) / 100).toFixed(2), ` currencyID="${currency}"`)),
      item(line.sku, line.supplier_sku, line.sku),
    ),
    ...(told.substitute_sku === undefined
      ? []
      : [cac('SellerSubstitutedLineItem', cbc('ID', 1), item(told.substitute_sku, told.substitute_sku))]),
    cac('OrderLineReference', cbc('LineID', line.line_no)),
  );
}

export function despatch_advice(
  order: PeppolOrder,
  shipped: readonly ShippedLine[],
  named: { readonly notice: string; readonly tracking: string },
  now_ms: number,
  arrival_ms: number,
): string {
  const arrival = new Date(arrival_ms).toISOString();
  const lines = shipped.map(({ line_no, quantity }, place) => {
    const { supplier_sku = '', sku = '' } = order.lines.find(line => line.line_no === line_no) ?? {};
    return cac(
      'DespatchLine',
      cbc('ID', place + 1),
      units('DeliveredQuantity', quantity),
      cac('OrderLineReference', cbc('LineID', line_no)),
      item(sku, supplier_sku, sku),
    );
  });
  return document(
    'DespatchAdvice',
    'despatch_advice',
    now_ms,
    named.notice,
    [
      cac('OrderReference', cbc('ID', order.reference)),
      cac('DespatchSupplierParty', party(order.seller)),
      cac('DeliveryCustomerParty', party(order.buyer)),
      cac(
        'Shipment',
        cbc('ID', 1),
        cac(
          'Delivery',
          cbc('TrackingID', named.tracking),
          cac('EstimatedDeliveryPeriod', cbc('EndDate', arrival.slice(0, 10)), cbc('EndTime', arrival.slice(11, 19))),
          cac('Despatch', cbc('ActualDespatchDate', day(now_ms))),
        ),
      ),
      ...lines,
    ].join('\n'),
  );
}
