/** Money that people take themselves (cash, bank transfer, a terminal): operations succeed when they are decided, and nobody is called. */
import type { Gateway } from './port.ts';

export const manual_gateway: Gateway = {
  name: 'manual',
  immediate: true,
  capabilities: { multi_capture: true },
  adapter: {
    timeout_ms: 1_000,
    in_flight_max: 1,
    perform: async () => nobody_to_call,
    query: async () => nobody_to_call,
  },
};

const nobody_to_call = {
  outcome: 'permanent_error',
  code: 'manual_gateway_called',
  detail: 'an operation of the manual gateway ends in its decision',
} as const;
