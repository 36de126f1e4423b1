/** Documents as partners write them, for tests: with white space, comments and other prefixes than ours. */

const ubl = 'urn:oasis:names:specification:ubl:schema:xsd';
export const us = { qualifier: '0088', id: '7300010000001' };
export const acme = { qualifier: '9930', id: 'DE123456789' };

const party = ({ qualifier, id }: { readonly qualifier: string; readonly id: string }) =>
  `<a:Party><b:EndpointID schemeID="${qualifier}">${id}</b:EndpointID><a:PartyLegalEntity><b:RegistrationName>X</b:RegistrationName></a:PartyLegalEntity></a:Party>`;

function document(name: string, transaction: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- of somebody's system -->
<u:${name} xmlns:u="${ubl}:${name}-2" xmlns:a="${ubl}:CommonAggregateComponents-2" xmlns:b="${ubl}:CommonBasicComponents-2">
  <b:CustomizationID>urn:fdc:peppol.eu:poacc:trns:${transaction}:3</b:CustomizationID>
  <b:ProfileID>urn:fdc:peppol.eu:poacc:bis:ordering:3</b:ProfileID>
  ${content}
</u:${name}>`;
}

export interface Paper {
  readonly id?: string;
  readonly order?: string;
  readonly from?: { readonly qualifier: string; readonly id: string };
  readonly to?: { readonly qualifier: string; readonly id: string };
  /** Elements of cac:OrderLine or cac:DespatchLine. */
  readonly lines?: readonly string[];
}

/** `delivery`: of the whole order. */
export function response_paper(
  code: string,
  { id = 'R-1', order = 'PO1', from = acme, to = us, lines = [] }: Paper = {},
  delivery = '',
): string {
  return document(
    'OrderResponse',
    'order_response',
    `<b:ID>${id}</b:ID>
  <b:IssueDate>2026-03-02</b:IssueDate>
  <b:IssueTime>12:30:00</b:IssueTime>
  <b:OrderResponseCode>${code}</b:OrderResponseCode>
  <b:DocumentCurrencyCode>GBP</b:DocumentCurrencyCode>
  <a:OrderReference><b:ID>${order}</b:ID></a:OrderReference>
  <a:SellerSupplierParty>${party(from)}</a:SellerSupplierParty>
  <a:BuyerCustomerParty>${party(to)}</a:BuyerCustomerParty>
  ${delivery}
  ${lines.map(line => `<a:OrderLine>${line}</a:OrderLine>`).join('\n  ')}`,
  );
}

export interface Told {
  readonly code: string;
  readonly quantity?: string;
  readonly unit?: string;
  readonly later?: string;
  readonly from?: string;
  readonly until?: string;
  readonly price?: string;
  readonly base?: string;
  readonly seller?: string;
  readonly substitute?: string;
}
let line_ids = 0;
/** A line about line `line_no` of the order. */
export function response_line(line_no: number | string, told: Told): string {
  const { code, quantity, unit = 'C62', later, from, until, price, base, seller = `S-${line_no}`, substitute } = told;
  const some = (text: string | undefined, write: (text: string) => string) => (text === undefined ? '' : write(text));
  const dates = some(from, date => `<b:StartDate>${date}</b:StartDate>`) + some(until, date => `<b:EndDate>${date}</b:EndDate>`);
  line_ids += 1;
  return `<a:LineItem><b:ID>${line_ids}</b:ID><b:LineStatusCode>${code}</b:LineStatusCode>${some(
    quantity,
    units => `<b:Quantity unitCode="${unit}">${units}</b:Quantity>`,
  )}${some(later, units => `<b:MaximumBackorderQuantity>${units}</b:MaximumBackorderQuantity>`)}${
    dates === '' ? '' : `<a:Delivery>${period('Promised', dates)}</a:Delivery>`
  }${some(
    price,
    amount =>
      `<a:Price><b:PriceAmount currencyID="GBP">${amount}</b:PriceAmount>${some(base, units => `<b:BaseQuantity unitCode="C62">${units}</b:BaseQuantity>`)}</a:Price>`,
  )}${item(seller)}</a:LineItem>${some(
    substitute,
    other => `<a:SellerSubstitutedLineItem><b:ID>1</b:ID>${item(other)}</a:SellerSubstitutedLineItem>`,
  )}<a:OrderLineReference><b:LineID>${line_no}</b:LineID></a:OrderLineReference>`;
}

export const period = (kind: 'Promised' | 'Estimated', dates: string) => `<a:${kind}DeliveryPeriod>${dates}</a:${kind}DeliveryPeriod>`;
const item = (code: string) =>
  `<a:Item><b:Name>${code}</b:Name><a:SellersItemIdentification><b:ID>${code}</b:ID></a:SellersItemIdentification></a:Item>`;

export function despatch_paper({ id = 'D-1', order = 'PO1', from = acme, to = us, lines = [] }: Paper = {}): string {
  return document(
    'DespatchAdvice',
    'despatch_advice',
    `<b:ID>${id}</b:ID>
  <b:IssueDate>2026-03-03</b:IssueDate>
  <a:OrderReference><b:ID>${order}</b:ID></a:OrderReference>
  <a:DespatchSupplierParty>${party(from)}</a:DespatchSupplierParty>
  <a:DeliveryCustomerParty>${party(to)}</a:DeliveryCustomerParty>
  <a:Shipment><b:ID>1</b:ID><a:Delivery><b:TrackingID>TRK-1</b:TrackingID>${period('Estimated', '<b:StartDate>2026-03-04</b:StartDate><b:EndDate>2026-03-05</b:EndDate><b:EndTime>14:00:00+02:00</b:EndTime>')}<a:Despatch><b:ActualDespatchDate>2026-03-03</b:ActualDespatchDate></a:Despatch></a:Delivery></a:Shipment>
  ${lines.map((line, place) => `<a:DespatchLine><b:ID>${place + 1}</b:ID>${line}</a:DespatchLine>`).join('\n  ')}`,
  );
}
export function despatch_line(line_no: number, quantity: string, { order, unit = 'C62' }: { order?: string; unit?: string } = {}): string {
  const own = order === undefined ? '' : `<a:OrderReference><b:ID>${order}</b:ID></a:OrderReference>`;
  return `<b:DeliveredQuantity unitCode="${unit}">${quantity}</b:DeliveredQuantity><a:OrderLineReference><b:LineID>${line_no}</b:LineID>${own}</a:OrderLineReference>${item(`S-${line_no}`)}`;
}
