/** The form in which an event leaves: CloudEvents 1.0, JSON, structured mode (https://github.com/cloudevents/spec; domain.md 4). */
import { contract_of, type EventType, source_of } from './index.ts';

/** An event as read from the log of `source`. */
export interface Publishable {
  readonly id: string;
  readonly type: EventType;
  readonly data: object;
  /** The service whose log it stands in. */
  readonly source: string;
  readonly key: string;
  readonly subject: string;
  readonly sequence: number | null;
  readonly time: string;
  readonly cause: string;
}

/** Attribute names are the specification's: lower case, without separators. Absent ones do not apply. */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: EventType;
  readonly time: string;
  readonly subject?: string;
  readonly sequence?: string;
  readonly partitionkey: string;
  readonly dataschema: string;
  readonly correlationid?: string;
  readonly causationid?: string;
  readonly datacontenttype: 'application/json';
  readonly data: object;
}

/** Digits of `sequence`, which the CloudEvents extension compares as text. */
const sequence_digits = 10;

/**
 * `base_url`: the deployment's public URL. Personal data never leaves: it is opened for the service it is meant for, and what
 * stands in the log is sealed.
 */
export function to_cloudevent(logged: Publishable, base_url: string): CloudEvent {
  const correlation = correlation_of(logged);
  return {
    specversion: '1.0',
    id: logged.id,
    source: source_of(logged.type, logged.source),
    type: logged.type,
    time: logged.time,
    ...(logged.subject === '' ? {} : { subject: logged.subject }),
    ...(logged.sequence === null ? {} : { sequence: String(logged.sequence).padStart(sequence_digits, '0') }),
    partitionkey: logged.key,
    dataschema: schema_url(logged.type, base_url),
    ...(correlation === undefined ? {} : { correlationid: correlation }),
    ...(logged.cause === '' ? {} : { causationid: logged.cause }),
    datacontenttype: 'application/json',
    data: without_personal(logged.data),
  };
}

/** Where the schema of a type's data is served. */
export function schema_url(type: EventType, base_url: string): string {
  return `${base_url.replace(/\/+$/, '')}/schemas/${type}/1`;
}

/** The order or purchase order that the event is about; stock and quotes belong to none. */
function correlation_of(logged: Publishable): string | undefined {
  const { key } = contract_of(logged.type);
  if (key === 'order_id' || key === 'po_id') return logged.key;
  if (key === 'subject' && /^(ord|po)_/.test(logged.key)) return logged.key;
  return undefined;
}

function without_personal(data: object): object {
  if (!('personal' in data)) return data;
  const { personal: _sealed, ...rest } = data;
  return rest;
}
