/** One running stand-in: what its parts share. */
import type { Server } from 'node:http';
import type { FaultBook } from './faults.ts';
import type { Memory } from './memory.ts';
import type { Deeds, StandInOptions, StandInRoute } from './stand_in.ts';
import type { Webhooks } from './webhooks.ts';

export const address = '127.0.0.1';

export interface Running {
  readonly options: StandInOptions;
  readonly memory: Memory;
  readonly faults: FaultBook;
  readonly webhooks: Webhooks;
  readonly server: Server;
  readonly timers: Set<NodeJS.Timeout>;
  /** Its own clock, which may be wrong. */
  now_ms(): number;
  routes: readonly CompiledRoute[];
  port: number;
  /** How far its clock is ahead. */
  skew_ms: number;
  deeds: Deeds;
  stopped: boolean;
}

export interface CompiledRoute {
  readonly route: StandInRoute;
  readonly segments: readonly string[];
}
export function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(port, address, () => {
    server.off('error', reject);
    const bound = server.address();
    resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
  });
  return promise;
}

/** Not resolved any more once the stand-in has stopped. */
export function wait(running: Running, milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    running.timers.delete(timer);
    resolve();
  }, milliseconds);
  running.timers.add(timer);
  return promise;
}
