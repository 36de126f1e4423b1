/** T01, order: what we send. One order in one document; the same request gives the same bytes. */
import { element, optional, write_document, type XmlNode } from '../../../../platform/xml/write.ts';
import { decimal_of, decimals_of } from '../amounts.ts';
import type { SendOrder } from '../port.ts';
import { id_length_max, namespaces_of, one, ordering_profile, transaction_of } from './ubl.ts';

/** Of amounts (PEPPOL-T01-R028). */
const decimals_max = 2;
type Envelope = NonNullable<SendOrder['envelope']>;
type Line = SendOrder['lines'][number];

/** The bytes, or why this order cannot be said so. */
export function write_order(envelope: Envelope, order: SendOrder): { readonly text: string } | { readonly unwritable: string } {
  const unwritable = what_is_unwritable(order);
  if (unwritable !== undefined) return { unwritable };
  return { text: write_document(document_of(envelope, order), namespaces_of('Order')) };
}

/** XML carries nearly everything, but what it does not becomes a space, and a code with a space is another code. */
function what_is_unwritable({ currency, lines, location }: SendOrder): string | undefined {
  if (decimals_of(currency) > decimals_max) return `amounts have two decimals, and ${currency} has more`;
  const codes = [location.code, ...lines.flatMap(({ supplier_sku, sku }) => [supplier_sku, sku])];
  const wrong = codes.find(
    code => code.trim() !== code || code === '' || code.length > id_length_max || /\p{Cc}|\p{Cs}|[\uFFFE\uFFFF]/u.test(code),
  );
  return wrong === undefined ? undefined : `${wrong.slice(0, 60)} cannot stand in an identifier`;
}

function document_of(envelope: Envelope, { reference, currency, supplier_code, location, lines, expected_at }: SendOrder): XmlNode {
  const total = lines.reduce((sum, { quantity, cost }) => sum + quantity * cost, 0);
  const money = (name: string, amount: number) => element(name, decimal_of(amount, currency), { currencyID: currency });
  return element('Order', [
    element('cbc:CustomizationID', transaction_of('order')),
    element('cbc:ProfileID', ordering_profile),
    element('cbc:ID', reference),
    element('cbc:IssueDate', envelope.at.slice(0, 10)),
    element('cbc:IssueTime', envelope.at.slice(11, 19)),
    element('cbc:DocumentCurrencyCode', currency),
    element('cac:BuyerCustomerParty', [party(envelope.sender, envelope.sender.id)]),
    element('cac:SellerSupplierParty', [party(envelope.receiver, supplier_code)]),
    delivery(location, expected_at),
    element('cac:AnticipatedMonetaryTotal', [money('cbc:LineExtensionAmount', total), money('cbc:PayableAmount', total)]),
    ...lines.map(line => element('cac:OrderLine', [line_item(line, money)])),
  ]);
}

function party({ qualifier, id, name }: Envelope['sender'], name_default: string): XmlNode {
  return element('cac:Party', [
    element('cbc:EndpointID', id, { schemeID: qualifier }),
    element('cac:PartyLegalEntity', [element('cbc:RegistrationName', name ?? name_default)]),
  ]);
}

/** The supplier knows the place by its code; an address counts only with its country. */
function delivery(
  { code, name, line1, line2, city, region, postal_code, country }: SendOrder['location'],
  expected_at: string | null | undefined,
): XmlNode {
  const address = [
    optional('cbc:StreetName', line1),
    optional('cbc:AdditionalStreetName', line2),
    optional('cbc:CityName', city),
    optional('cbc:PostalZone', postal_code),
    optional('cbc:CountrySubentity', region),
    element('cac:Country', [optional('cbc:IdentificationCode', country)]),
  ];
  return element('cac:Delivery', [
    element('cac:DeliveryLocation', [
      element('cbc:ID', code),
      optional('cbc:Name', name),
      country ? element('cac:Address', address) : undefined,
    ]),
    expected_at ? element('cac:RequestedDeliveryPeriod', [element('cbc:EndDate', expected_at.slice(0, 10))]) : undefined,
  ]);
}

function line_item({ line_no, supplier_sku, sku, quantity, cost }: Line, money: (name: string, amount: number) => XmlNode): XmlNode {
  const code = (name: string, id: string) => element(`cac:${name}`, [element('cbc:ID', id)]);
  return element('cac:LineItem', [
    element('cbc:ID', line_no),
    element('cbc:Quantity', quantity, { unitCode: one }),
    money('cbc:LineExtensionAmount', quantity * cost),
    element('cac:Price', [money('cbc:PriceAmount', cost)]),
    element('cac:Item', [
      // Nobody here knows what it is called.
      element('cbc:Name', sku),
      code('BuyersItemIdentification', sku),
      code('SellersItemIdentification', supplier_sku),
    ]),
  ]);
}
