/**
 * A stand-in of CyberSource's Simple Order API 1.224: authorizations, captures, credits, reversals by requestID or by the lost message's own name,
 * voids and 3-D Secure, behind X.509 signatures. Magic amounts are in magic.ts; what of it is not certain is listed in README.md.
 */
import { read_envelope } from '../soap.ts';
import { type Sim, type StandIn, type StandInReply, type StandInRequest, start_stand_in, type ThirdParty } from '../stand_in.ts';
import { type Books, request_id, transactions_max } from './books.ts';
import { out_of_order } from './order.ts';
import { back, question } from './page.ts';
import { failed_check, namespace, not_of_the_schema, reply_of } from './replies.ts';
import { run } from './services.ts';
import { distrust, type Trust } from './signature.ts';

export interface CybersourceOptions {
  readonly port?: number;
  readonly merchant_id: string;
  /** PEM of the merchant's certificate, as he uploaded it. */
  readonly certificate: string;
  /** Default: UsernameToken is refused, as by the real one since August 2025. */
  readonly legacy_transaction_key?: string;
  readonly ledger_file?: string;
  readonly seed?: number;
  now_ms?(): number;
}

export const path = '/commerce/1.x/transactionProcessor';

export function start_cybersource(options: CybersourceOptions): Promise<StandIn> {
  return start_stand_in({
    name: 'cybersource',
    port: options.port,
    ledger_file: options.ledger_file,
    seed: options.seed,
    ...(options.now_ms && { now_ms: options.now_ms }),
    lie: body => body.replace(/<c:amount>(\d+)/g, (_, whole: string) => `<c:amount>1${whole}`),
    open: sim => open(sim, options),
  });
}

function open(sim: Sim, options: CybersourceOptions): ThirdParty {
  const limits = { size_max: transactions_max, when_full: 'refuse' } as const;
  const forgotten = { size_max: transactions_max, when_full: 'drop_oldest' } as const;
  const books: Books = {
    sim,
    merchant_id: options.merchant_id,
    authorizations: sim.collection('authorizations', limits),
    captures: sim.collection('captures', limits),
    enrollments: sim.collection('enrollments', forgotten),
    references: sim.collection('references', forgotten),
    identifiers: sim.collection('identifiers', forgotten),
  };
  const { certificate, merchant_id, legacy_transaction_key: transaction_key } = options;
  const trust: Trust = { certificate, ...(transaction_key !== undefined && { legacy: { merchant_id, transaction_key } }) };
  return {
    routes: [
      { method: 'POST', path, handle: request => transaction(books, trust, request) },
      { method: 'GET', path: '/3d-secure/:id', handle: request => authentication(books, request) },
      { method: 'POST', path: '/3d-secure/:id', handle: request => authentication(books, request) },
    ],
  };
}

/** Signature first, then the schema, then the services. */
async function transaction(books: Books, trust: Trust, { body }: StandInRequest): Promise<StandInReply> {
  const envelope = read_envelope(body, ['Security']);
  if (typeof envelope === 'string') return not_of_the_schema(envelope);
  const id = request_id(books);
  const reason = distrust(envelope, trust);
  if (reason !== undefined) return failed_check(reason, id);
  const message = envelope.content;
  if (message.localName !== 'requestMessage' || message.namespaceURI !== namespace)
    return not_of_the_schema('no requestMessage of version 1.224');
  const disorder = out_of_order(message, namespace);
  if (disorder !== undefined) return not_of_the_schema(disorder);
  const answer = run(books, message, id);
  if (answer.silent) await new Promise(() => undefined);
  return reply_of(answer, id, message_reference(message), books.sim.now_ms());
}

function message_reference(message: Element): string | undefined {
  return message.getElementsByTagNameNS(namespace, 'merchantReferenceCode')[0]?.textContent ?? undefined;
}

function authentication(books: Books, request: StandInRequest): StandInReply {
  const enrollment = books.enrollments.get(request.params['id'] ?? '');
  const outcome = request.query.get('outcome');
  if (enrollment === undefined || (outcome !== 'success' && outcome !== 'fail')) return question(enrollment);
  if (enrollment.state === 'waiting') books.enrollments.put(enrollment.id, { ...enrollment, state: outcome });
  return back(enrollment);
}
