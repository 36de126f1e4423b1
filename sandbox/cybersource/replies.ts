/** Reply messages in the schema's order. */
import { escaped, soap_fault, soap_reply } from '../soap.ts';
import type { StandInReply } from '../stand_in.ts';

export const namespace = 'urn:schemas-cybersource-com:transaction-data-1.224';
const wss = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity';

type Fields = Readonly<Record<string, string | undefined>>;
export interface Answer {
  readonly decision: string;
  readonly code: string;
  readonly missing?: readonly string[];
  readonly invalid?: readonly string[];
  readonly currency?: string;
  /** Per service, in the schema's order. */
  readonly services?: readonly (readonly [string, Fields])[];
  readonly silent?: true;
}

const element = (name: string, text: string | undefined): string => (text === undefined ? '' : `<c:${name}>${escaped(text)}</c:${name}>`);

export function reply_of(answer: Answer, id: string, reference: string | undefined, now_ms: number): StandInReply {
  const services = (answer.services ?? []).map(
    ([name, fields]) =>
      `<c:${name}>${Object.entries(fields)
        .map(([field, text]) => element(field, text))
        .join('')}</c:${name}>`,
  );
  const content = [
    element('merchantReferenceCode', reference),
    element('requestID', id),
    element('decision', answer.decision),
    element('reasonCode', answer.code),
    ...(answer.missing ?? []).map(name => element('missingField', `c:${name}`)),
    ...(answer.invalid ?? []).map(name => element('invalidField', `c:${name}`)),
    element('requestToken', Buffer.from(`token of ${id}`).toString('base64')),
    answer.currency === undefined ? '' : `<c:purchaseTotals>${element('currency', answer.currency)}</c:purchaseTotals>`,
    ...services,
  ];
  const created = `<wsu:Timestamp xmlns:wsu="${wss}-utility-1.0.xsd" wsu:Id="Timestamp-1"><wsu:Created>${new Date(now_ms).toISOString()}</wsu:Created></wsu:Timestamp>`;
  const header = `<wsse:Security xmlns:wsse="${wss}-secext-1.0.xsd">${created}</wsse:Security>`;
  return soap_reply(`<c:replyMessage xmlns:c="${namespace}">${content.join('')}</c:replyMessage>`, header);
}

export function failed_check(text: string, id: string): StandInReply {
  const detail = `<c:faultDetails xmlns:c="${namespace}"><c:requestID>${id}</c:requestID></c:faultDetails>`;
  return soap_fault('wsse:FailedCheck', `Security Data : ${text}.`, detail, ` xmlns:wsse="${wss}-secext-1.0.xsd"`);
}
export function not_of_the_schema(text: string): StandInReply {
  return soap_fault('soap:Client', `XML parse error: ${text}.`);
}
