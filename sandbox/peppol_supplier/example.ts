/** The smallest order (T01) that the stand-in takes, in one line, for somebody who wants to paste one. */
const ubl = 'urn:oasis:names:specification:ubl:schema:xsd';
const party = (id: string, name: string) =>
  `<cac:Party><cbc:EndpointID schemeID="0088">${id}</cbc:EndpointID><cac:PartyLegalEntity><cbc:RegistrationName>${name}</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party>`;
const amount = (name: string, text: string) => `<cbc:${name} currencyID="GBP">${text}</cbc:${name}>`;
const item = (role: string, id: string) => `<cac:${role}ItemIdentification><cbc:ID>${id}</cbc:ID></cac:${role}ItemIdentification>`;

/** Six cups at 1.20. */
export function example_order(reference: string): string {
  const line = [
    `<cbc:ID>1</cbc:ID><cbc:Quantity unitCode="C62">6</cbc:Quantity>${amount('LineExtensionAmount', '7.20')}`,
    `<cac:Price>${amount('PriceAmount', '1.20')}</cac:Price>`,
    `<cac:Item><cbc:Name>Cup</cbc:Name>${item('Buyers', 'CUP')}${item('Sellers', 'S-CUP')}</cac:Item>`,
  ].join('');
  return [
    `<Order xmlns="${ubl}:Order-2" xmlns:cac="${ubl}:CommonAggregateComponents-2" xmlns:cbc="${ubl}:CommonBasicComponents-2">`,
    `<cbc:CustomizationID>urn:fdc:peppol.eu:poacc:trns:order:3</cbc:CustomizationID><cbc:ID>${reference}</cbc:ID><cbc:DocumentCurrencyCode>GBP</cbc:DocumentCurrencyCode>`,
    `<cac:BuyerCustomerParty>${party('7300010000001', 'Shop')}</cac:BuyerCustomerParty>`,
    `<cac:SellerSupplierParty>${party('7300010000002', 'Supplier')}</cac:SellerSupplierParty>`,
    `<cac:AnticipatedMonetaryTotal>${amount('PayableAmount', '7.20')}</cac:AnticipatedMonetaryTotal>`,
    `<cac:OrderLine><cac:LineItem>${line}</cac:LineItem></cac:OrderLine></Order>`,
  ].join('');
}
