/** The AsyncAPI 3 document of everything that is said (https://www.asyncapi.com/docs/reference/specification/v3.0.0), served as /asyncapi.json. */
import { schema_url, to_cloudevent } from './cloudevent.ts';
import { contract_of, contracts_of, type EventType, event_contracts, is_event_type, type Publisher, source_of } from './index.ts';
import { is_personal, opened_by } from './personal.ts';
import { recorded } from './recorded.ts';

type Plain = null | boolean | number | string | Plain[] | { [field: string]: Plain };
type Fields = { [field: string]: Plain };

/** The JSON Schema of a type's data as the outside sees it, without personal data: what `schema_url` serves. */
export function data_schema(type: EventType, base_url: string): Fields {
  const { data, description } = contract_of(type);
  // A schema is JSON Schema; writing and reading it drops what TypeBox keeps beside it.
  const { properties, ...schema }: Fields & { properties: Fields } = JSON.parse(JSON.stringify(data));
  const { personal: _sealed, ...visible } = properties;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: schema_url(type, base_url),
    title: type,
    description,
    ...schema,
    properties: visible,
  };
}

/** Takes the deployment's public URL; gives plain JSON. Schemas stand in components without references of their own: parsers refuse nested ones. */
export function asyncapi_document(base_url: string): Fields {
  const publishers = Object.keys(contracts_of).filter(is_publisher);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Cartwright events',
      version: '1.0.0',
      description:
        'Everything that happens, as it happens: one channel per service, one message per event type. Additive changes keep a type; a breaking one publishes `type.v2` beside it. Hearers ignore fields they do not know. An absent optional field and null are the same. What is personal leaves with nobody: in the logs it stands sealed (AES-256-GCM, a key per person) for the services that x-sealed-for names, and personal_data.erased says that a key was destroyed.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(publishers.map(publisher => [publisher, channel(publisher)])),
    operations: Object.fromEntries(publishers.flatMap(publisher => [send(publisher), ...receives(publisher)])),
    components: {
      messageTraits: { webhook: webhook_trait },
      messages: Object.fromEntries(types_of('all').map(type => [type, message(type, base_url)])),
      schemas: Object.fromEntries(types_of('all').map(type => [type, payload(type, base_url)])),
    },
  };
}

function is_publisher(name: string): name is Publisher {
  return Object.hasOwn(contracts_of, name);
}
function types_of(publisher: Publisher | 'all'): EventType[] {
  return Object.keys(publisher === 'all' ? event_contracts : contracts_of[publisher]).filter(is_event_type);
}

function channel(publisher: Publisher): Fields {
  return {
    address: `cartwright.${publisher}`,
    title: publisher,
    description: `What ${publisher} says. Events with the same partitionkey keep their order.`,
    messages: Object.fromEntries(types_of(publisher).map(type => [type, { $ref: `#/components/messages/${type}` }])),
  };
}
function send(publisher: Publisher): [string, Fields] {
  return [`${publisher}_says`, { action: 'send', channel: { $ref: `#/channels/${publisher}` }, summary: `${publisher} publishes.` }];
}
/** Who acts on what; webhooks, live updates and analytics get everything besides. */
function receives(publisher: Publisher): [string, Fields][] {
  const hearers = new Set(types_of(publisher).flatMap(type => contract_of(type).heard_by));
  return [...hearers].map(hearer => [
    `${hearer}_hears_${publisher}`,
    {
      action: 'receive',
      channel: { $ref: `#/channels/${publisher}` },
      summary: `${hearer} acts on these.`,
      messages: types_of(publisher)
        .filter(type => contract_of(type).heard_by.some(name => name === hearer))
        .map(type => ({ $ref: `#/channels/${publisher}/messages/${type}` })),
    },
  ]);
}

/** Standard Webhooks 1.0: the headers of a delivery to a webhook endpoint. */
const webhook_trait: Fields = {
  headers: {
    type: 'object',
    properties: {
      'webhook-id': { type: 'string', description: "The event's id, the same on every attempt." },
      'webhook-timestamp': { type: 'string', description: 'When this attempt was made, in seconds since 1970.' },
      'webhook-signature': {
        type: 'string',
        description: 'HMAC-SHA256 of id.timestamp.body as v1,<base64>; several while a secret is rotated.',
      },
    },
  },
};

function message(type: EventType, base_url: string): Fields {
  const { description, heard_by } = contract_of(type);
  return {
    name: type,
    title: type,
    summary: description,
    contentType: 'application/cloudevents+json',
    payload: { $ref: `#/components/schemas/${type}` },
    traits: [{ $ref: '#/components/messageTraits/webhook' }],
    examples: [{ name: 'recorded', payload: JSON.parse(JSON.stringify(to_cloudevent(recorded(type), base_url))) }],
    'x-heard-by': [...heard_by],
    ...(is_personal(type) ? { 'x-sealed-for': [...opened_by[type]] } : {}),
  };
}

/** The CloudEvent that to_cloudevent makes, down to its data. */
function payload(type: EventType, base_url: string): Fields {
  const { $schema: _one_per_document, ...data } = data_schema(type, base_url);
  const publishers = Object.keys(contracts_of).filter(is_publisher);
  const sources = publishers.filter(publisher => Object.hasOwn(contracts_of[publisher], type));
  return {
    type: 'object',
    required: ['specversion', 'id', 'source', 'type', 'time', 'partitionkey', 'dataschema', 'datacontenttype', 'data'],
    properties: {
      specversion: { const: '1.0' },
      id: { type: 'string', minLength: 1 },
      source: { enum: sources.map(publisher => source_of(type, publisher)) },
      type: { const: type },
      time: { type: 'string', format: 'date-time', description: 'When it was decided.' },
      subject: { type: 'string', minLength: 1, description: 'What it happened to.' },
      sequence: { type: 'string', pattern: '^[0-9]{10}$', description: 'Version of the subject, without gaps.' },
      partitionkey: { type: 'string', minLength: 1 },
      dataschema: { const: schema_url(type, base_url) },
      correlationid: { type: 'string', minLength: 1, description: 'The order or purchase order it is about.' },
      causationid: { type: 'string', minLength: 1, description: 'The event, operation, timer or request that caused it.' },
      datacontenttype: { const: 'application/json' },
      data,
    },
  };
}
