/** Structured logs (pino). Secrets and personal fields are removed by name before anything is written. */
import pino from 'pino';

export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'>;

export const log_levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

const unspoken = ['authorization', 'secret', 'password', 'personal'];

export function create_logger(level: (typeof log_levels)[number], name: string): Logger {
  return pino(
    {
      level,
      name,
      base: { name },
      redact: {
        paths: [...unspoken, ...unspoken.map(name => `*.${name}`), 'headers.authorization'],
        remove: true,
      },
      serializers: { error: pino.stdSerializers.err },
    },
    pino.destination(2),
  );
}

export const silent_logger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
