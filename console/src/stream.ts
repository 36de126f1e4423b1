/** Server-Sent Events of the API. The browser reconnects by itself; what it cannot mend (signed out, too many listeners) is asked again, slower. */
import { useEffect, useRef, useState } from 'react';
import { get } from './api.ts';
import { after } from './ports.ts';

export type StreamState = 'connecting' | 'open' | 'away';
const again_ms = 5_000;

/** Calls `tell` with each `event: name` of `path`. */
export function useStream<T>(path: string, name: string, tell: (message: T) => void | Promise<void>): StreamState {
  const [state, set_state] = useState<StreamState>('connecting');
  const newest = useRef(tell);
  useEffect(() => {
    newest.current = tell;
  });
  useEffect(() => {
    let stop_waiting: () => void = () => undefined;
    let source: EventSource | undefined;
    const open = () => {
      const opened = new EventSource(path);
      source = opened;
      opened.addEventListener('open', () => set_state('open'));
      opened.addEventListener(name, event => void newest.current(JSON.parse(event.data) as T)); // the shape is the API's contract
      opened.addEventListener('error', () => {
        set_state('away');
        if (opened.readyState !== EventSource.CLOSED) return;
        // Refused: a session that ended leads to signing in.
        get('/v1/session').catch(() => undefined);
        stop_waiting = after(again_ms, open);
      });
    };
    open();
    return () => {
      stop_waiting();
      source?.close();
    };
  }, [path, name]);
  return state;
}
