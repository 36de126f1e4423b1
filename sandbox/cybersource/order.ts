/** The order of elements that the schema enforces (1.224), as far as this stand-in understands it: a table of its own, not the adapter's. */
import { elements } from '../soap.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const sequences: Readonly<Record<string, readonly string[]>> = {
  requestMessage: words(`
    merchantID merchantReferenceCode debtIndicator clientLibrary clientLibraryVersion clientEnvironment clientSecurityLibraryVersion
    clientApplication clientApplicationVersion clientApplicationUser routingCode comments returnURL invoiceHeader customerID billTo shipTo item
    purchaseTotals card ucaf subscription recurringSubscriptionInfo tokenSource decisionManager merchantDefinedData orderRequestToken linkToRequest
    ccAuthService ccIncrementalAuthService ccCaptureService ccCreditService ccAuthReversalService payerAuthSetupService payerAuthEnrollService
    payerAuthValidateService voidService businessRules deviceFingerprintID merchantTransactionIdentifier subsequentAuth ccCheckStatusService`),
  billTo: words(`
    title firstName middleName lastName suffix buildingNumber street1 street2 street3 street4 street5 city district county state postalCode country
    company companyTaxID phoneNumber email ipAddress`),
  shipTo: words(
    'title firstName middleName lastName suffix street1 street2 street3 street4 street5 city county state buildingNumber postalCode country',
  ),
  item: words('unitPrice quantity productCode productName productSKU'),
  purchaseTotals: words(
    'currency discountAmount discountAmountSign discountManagementIndicator taxAmount dutyAmount dutyAmountSign grandTotalAmount freightAmount',
  ),
  card: words('fullName accountNumber expirationMonth expirationYear cvIndicator cvNumber cardType'),
  recurringSubscriptionInfo: words('subscriptionID status amount'),
  tokenSource: words('transientToken networkTokenOption'),
  ccCaptureService: words(
    'authType verbalAuthCode authRequestID reconciliationID partialPaymentID purchasingLevel industryDatatype authRequestToken',
  ),
  ccCreditService: words(
    'captureRequestID reconciliationID partialPaymentID purchasingLevel industryDatatype commerceIndicator billPayment authorizationXID occurrenceNumber authCode captureRequestToken',
  ),
  ccAuthReversalService: words('authRequestID authRequestToken reversalReason'),
  payerAuthValidateService: words('signedPARes authenticationTransactionID responseAccessToken'),
  voidService: words('voidRequestID voidRequestToken voidReason'),
  ccCheckStatusService: words('authRequestID'),
};
const repeated: ReadonlySet<string> = new Set(['item']);

/** What is out of order, unknown or doubled below the element; undefined: nothing. */
export function out_of_order(parent: Element, namespace: string): string | undefined {
  const sequence = sequences[parent.localName];
  if (sequence === undefined) return undefined;
  let place = -1;
  for (const element of elements(parent)) {
    const name = element.localName;
    const next = sequence.indexOf(name);
    if (element.namespaceURI !== namespace) return `${name} is of another namespace`;
    if (next < 0) return `${name} is not expected in ${parent.localName}`;
    if (next < place || (next === place && !repeated.has(name))) return `${name} stands too late in ${parent.localName}`;
    place = next;
    const below = out_of_order(element, namespace);
    if (below !== undefined) return below;
  }
  return undefined;
}
