/**
 * What waits for a person (domain.md 0.4, decisions.md 3). The two types that every deciding service publishes, under the key of
 * their subject; `service` names orders only because a contract names one, the log an event stands in tells who said it.
 */
import Type from 'typebox';
import { At, type EventOf, event, Id, optional, Text } from './envelope.ts';
import { ids } from './examples.ts';

const exception = {
  data: Type.Object({
    exception_id: Id(),
    subject: Id(),
    reason: Text(),
    owner: Text(200),
    deadline: At(),
    detail: Text(),
    note: optional(Text()),
  }),
};
const lapsed = {
  exception_id: ids.exception,
  subject: ids.order,
  reason: 'authorization_expired',
  owner: 'support',
  deadline: '2026-05-12T09:12:00.000Z',
  detail: 'The authorization lapsed before the backorder was filled; 2550 GBP minor units are uncovered.',
};

export type ExceptionRaised = EventOf<typeof exception_raised>;
export const exception_raised = event({
  type: 'exception.raised',
  service: 'orders',
  key: 'subject',
  heard_by: [],
  description: 'A person must look at the subject by the deadline.',
  ...exception,
  example: lapsed,
});
export type ExceptionResolved = EventOf<typeof exception_resolved>;
export const exception_resolved = event({
  type: 'exception.resolved',
  service: 'orders',
  key: 'subject',
  heard_by: [],
  description: 'A person dealt with it, and noted how, or its cause has gone.',
  ...exception,
  example: { ...lapsed, note: 'Customer paid by another card.' },
});

export const exceptions_contracts = { 'exception.raised': exception_raised, 'exception.resolved': exception_resolved };
