/** What this stand-in keeps, and how Purolator answers: errors inside of replies, and faults for what its schema refuses. */
import { escaped, soap_fault, soap_reply } from '../soap.ts';
import type { Collection, Sim, StandInReply } from '../stand_in.ts';
import { data_namespace, type Version, type Violation } from './schema.ts';

export interface Shipment {
  readonly pin: string;
  readonly reference: string | null;
  readonly service: string;
  readonly created_ms: number;
  readonly cents: number;
  readonly account: string;
  readonly sender: readonly string[];
  readonly receiver: readonly string[];
  readonly postal_code: string;
  readonly is_voided: boolean;
}
export interface Purolator {
  readonly sim: Sim;
  readonly deliver_after_ms: number;
  /** Documents come in the reply, or at an address that the reply names. */
  readonly documents: 'data' | 'url';
  readonly shipments: Collection<Shipment>;
}
/** One request, read. */
export interface Asked {
  readonly operation: string;
  readonly version: Version;
  readonly content: Element;
  /** Of the reply. */
  readonly namespace: string;
}
export interface Failure {
  readonly code: string;
  readonly description: string;
}

/** `inside`: XML after the ResponseInformation; with errors it is empty, as there. */
export function reply(asked: Asked, inside: string, errors: readonly Failure[] = []): StandInReply {
  const { operation, namespace } = asked;
  const content = `<${operation}Response xmlns="${namespace}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">${information(errors)}${inside}</${operation}Response>`;
  const reference = `<h:ResponseContext xmlns:h="${namespace}"><h:ResponseReference>${operation}</h:ResponseReference></h:ResponseContext>`;
  return soap_reply(content, reference);
}
export function information(errors: readonly Failure[] = []): string {
  const told = errors.map(
    ({ code, description }) => `<Error>${tag('Code', code)}${tag('Description', description)}<AdditionalInformation i:nil="true"/></Error>`,
  );
  return `<ResponseInformation><Errors>${told.join('')}</Errors><InformationalMessages i:nil="true"/></ResponseInformation>`;
}
export function tag(name: string, text: string | number | null): string {
  return text === null ? `<${name} i:nil="true"/>` : `<${name}>${escaped(String(text))}</${name}>`;
}
export const pin_tag = (pin: string) => `<PIN>${tag('Value', pin)}</PIN>`;

const validation = 'http://www.microsoft.com/practices/EnterpriseLibrary/2007/01/wcf/validation';
const details = 'http://schemas.datacontract.org/2004/07/Microsoft.Practices.EnterpriseLibrary.Validation.Integration.WCF';
export function validation_fault(violations: readonly Violation[]): StandInReply {
  const told = violations
    .map(
      ({ key, message, tag: name }) =>
        `<d:ValidationDetail><d:Key>${escaped(key)}</d:Key><d:Message>${escaped(message)}</d:Message><d:Tag>${escaped(name)}</d:Tag></d:ValidationDetail>`,
    )
    .join('');
  return soap_fault(
    'soap:Client',
    'The creator of this fault did not specify a Reason.',
    `<ValidationFault xmlns="${validation}"><Details xmlns:d="${details}">${told}</Details></ValidationFault>`,
  );
}

export { data_namespace };

const zone = 'America/Toronto';
const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
/** yyyy-mm-dd and hhmmss, by the clock of the head office. */
export const date_of = (at_ms: number) => day.format(at_ms);
export const time_of = (at_ms: number) => clock.format(at_ms).replaceAll(':', '');

/** As the real one writes amounts: 62.3, 55. */
export function decimal(cents: number): string {
  return String(cents / 100);
}
