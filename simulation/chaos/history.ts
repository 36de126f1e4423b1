/**
 * What clients asked and what they were told, in their own words: the only witness of what was promised. A call is written down before it is sent;
 * one that nobody answered stays `info`: it may have happened.
 */

export interface Line {
  readonly sku: string;
  readonly quantity: number;
}
/** The order as one reply showed it. */
export interface Told {
  readonly id: string;
  readonly number: number;
  readonly currency: string;
  readonly total: number;
  readonly status: string;
  readonly confirmed_at: string | null;
  readonly lines: readonly (Line & { readonly quantity_cancelled: number; readonly total: number })[];
}
export type Outcome =
  | { readonly is: 'ok'; readonly status: number; readonly text: string; readonly told: Told }
  /** Certainly not done: 4xx, but for those that say "later". */
  | { readonly is: 'fail'; readonly status: number; readonly code: string }
  /** Nobody knows: no answer (0), 5xx, 409 while the first of the same key still runs, 429. */
  | { readonly is: 'info'; readonly status: number };

/**
 * `place`: the basket's order, under its key, as often as it takes. `place_again`: the same bytes under the same key after the answer. `place_another`:
 * another order under the same key. `read` and `cancel`: of the order the buyer was told.
 */
export type Deed = 'place' | 'place_again' | 'place_another' | 'read' | 'cancel';
export interface Call {
  readonly deed: Deed;
  /** The buyer's own name for what he buys: idempotency key and metadata of the order. */
  readonly basket: string;
  readonly lines: readonly Line[];
  /** Of a read or a cancellation. */
  readonly order_id: string | undefined;
  readonly outcome: Outcome;
}

export interface History {
  readonly calls: readonly Call[];
  /** Written before the call is sent; what is given back takes its answer. */
  invoke(asked: Omit<Call, 'outcome'>): (outcome: Outcome) => void;
}

export function create_history(): History {
  const calls: Call[] = [];
  return {
    calls,
    invoke(asked) {
      const place = calls.push({ ...asked, outcome: { is: 'info', status: 0 } }) - 1;
      return outcome => {
        calls[place] = { ...asked, outcome };
      };
    },
  };
}

const later_statuses: ReadonlySet<number> = new Set([408, 409, 429]);

/** What an answer proves. `status` 0: there was none. A body that cannot be read proves nothing. */
export function outcome_of(status: number, text: string): Outcome {
  const body = parse(text);
  if (status >= 200 && status < 300 && body !== undefined) {
    // Our own API's order object, whose fields the checker compares.
    return { is: 'ok', status, text, told: body as unknown as Told };
  }
  if (status < 400 || status >= 500 || later_statuses.has(status) || body === undefined) {
    const code = body?.['code'];
    // 409 is a definite no but while the first call of the same key still runs.
    if (status === 409 && typeof code === 'string' && code !== 'idempotency_in_progress') return { is: 'fail', status, code };
    return { is: 'info', status };
  }
  return { is: 'fail', status, code: String(body['code'] ?? status) };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
