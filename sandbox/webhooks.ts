/** Delivers a stand-in's webhooks to one address: at least once, in no promised order, with bounded retries. */
import { type FaultBook, type FaultName, magic_rule, webhook_faults } from './faults.ts';
import type { Collection } from './memory.ts';

export interface Webhook {
  readonly id: string;
  readonly type: string;
  /** The exact bytes that are signed and sent. */
  readonly body: string;
}
export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
  /** Before and after a rotation. */
  readonly old_secret?: string;
  readonly new_secret?: string;
}
/** The headers that sign a delivery, as the third party does it. `at_ms`: time of this attempt. */
export type Sign = (delivery: {
  readonly body: string;
  readonly secret: string;
  readonly at_ms: number;
  readonly id: string;
  readonly url: string;
}) => Readonly<Record<string, string>>;
/** The request that caused a webhook; faults match on it. */
export interface Cause {
  readonly method: string;
  readonly path: string;
  /** The request named a fault for its webhooks. */
  readonly magic?: FaultName;
}
export interface Delivery extends Webhook {
  /** How its first attempt is signed. */
  readonly spoiled?: FaultName;
}

/** A delivery taken on. `hold_ms`: kept back until a later one was sent, or for so long. */
export interface Queued {
  readonly key: string;
  readonly hold_ms?: number;
  /** Sent only then. */
  readonly after_ms?: number;
}

export const webhook_queue_max = 50_000;
export const webhook_in_flight_max = 16;
export const webhook_attempts_max = 10;
const webhook_timeout_ms = 10_000;
const retry_first_ms = 250;
const retry_max_ms = 30_000;
const reorder_hold_ms = 1_000;
const delay_default_ms = 2_000;
const wrong_secret = 'whsec_wrong';
/** Older than any receiver tolerates. */
const stale_ms = 3_600_000;
const spoiling: readonly FaultName[] = ['webhook_bad_signature', 'webhook_old_secret', 'webhook_new_secret', 'webhook_stale'];

export interface WebhookCounts {
  readonly queued: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly given_up: number;
}

export class Webhooks {
  target: WebhookTarget | undefined;
  readonly #deliveries: Collection<Delivery>;
  readonly #faults: FaultBook;
  readonly #sign: Sign;
  readonly #now_ms: () => number;
  readonly #content_type: string;
  readonly #heard: ((reply: string) => void) | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopping = new AbortController();
  #ready: { key: string; attempt: number; done: () => void }[] = [];
  #held: { key: string; timer: NodeJS.Timeout }[] = [];
  #in_flight = 0;
  #ordinal = 0;
  #delivered = 0;
  #dropped = 0;
  #given_up = 0;

  constructor(options: {
    deliveries: Collection<Delivery>;
    faults: FaultBook;
    sign: Sign;
    now_ms: () => number;
    content_type: string;
    heard?: ((reply: string) => void) | undefined;
  }) {
    this.#deliveries = options.deliveries;
    this.#faults = options.faults;
    this.#sign = options.sign;
    this.#now_ms = options.now_ms;
    this.#content_type = options.content_type;
    this.#heard = options.heard;
  }
  get counts(): WebhookCounts {
    return { queued: this.#deliveries.size, delivered: this.#delivered, dropped: this.#dropped, given_up: this.#given_up };
  }
  /** Deliveries that an earlier process left unfinished. */
  resume(): void {
    for (const [key] of this.#deliveries.entries()) void this.#first_attempt(key);
  }
  /** Takes them on before the reply leaves, so that a journal has them; deliver what it returns afterwards. Nothing is sent while no address is known. */
  queue(webhooks: readonly Webhook[], cause: Cause): Queued[] {
    if (this.target === undefined) return [];
    return webhooks.flatMap(webhook => this.#queue_one(webhook, cause));
  }
  /** Resolves when each was tried once (or is held back by a fault). */
  async deliver(queued: readonly Queued[]): Promise<void> {
    await Promise.all(
      queued.map(async ({ key, hold_ms, after_ms }) => {
        if (after_ms !== undefined) return this.#later(key, after_ms);
        if (hold_ms !== undefined) return this.#hold(key, hold_ms);
        await this.#first_attempt(key);
        this.#release();
      }),
    );
  }
  stop(): void {
    this.#stopping.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const held of this.#held) clearTimeout(held.timer);
    this.#ready = [];
  }

  #queue_one(webhook: Webhook, cause: Cause): Queued[] {
    const { method, path, magic } = cause;
    const named = webhook_faults.find(each => each === magic);
    const rule = this.#faults.take(webhook_faults, method, path, webhook.type) ?? (named && magic_rule(named));
    if (rule?.fault === 'webhook_drop' || this.#deliveries.size >= webhook_queue_max) {
      this.#dropped += 1;
      return [];
    }
    const spoiled = spoiling.find(each => each === rule?.fault);
    const key = this.#keep({ ...webhook, ...(spoiled && { spoiled }) });
    if (rule?.fault === 'webhook_reorder') return [{ key, hold_ms: rule.delay_ms ?? reorder_hold_ms }];
    if (rule?.fault === 'webhook_delay') return [{ key, after_ms: rule.delay_ms ?? delay_default_ms }];
    // Both at once, or the second so much later.
    return rule?.fault === 'webhook_duplicate' ? [{ key }, { key: this.#keep(webhook), after_ms: rule.delay_ms }] : [{ key }];
  }
  #keep(delivery: Delivery): string {
    // Unique beyond a restart, too: the journal may still hold deliveries of the process before.
    this.#ordinal += 1;
    const key = `${delivery.id}:${this.#now_ms()}:${this.#ordinal}`;
    this.#deliveries.put(key, delivery);
    return key;
  }
  /** Kept back until a later one was sent, or for so long at most. */
  #hold(key: string, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.#held = this.#held.filter(each => each.key !== key);
      void this.#first_attempt(key);
    }, milliseconds);
    this.#held.push({ key, timer });
  }
  #later(key: string, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#first_attempt(key);
    }, milliseconds);
    this.#timers.add(timer);
  }
  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const { key, timer } of held) {
      clearTimeout(timer);
      void this.#first_attempt(key);
    }
  }

  #first_attempt(key: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ready.push({ key, attempt: 1, done: resolve });
    this.#start_more();
    return promise;
  }
  #start_more(): void {
    while (this.#in_flight < webhook_in_flight_max) {
      const next = this.#ready.shift();
      if (next === undefined) return;
      this.#in_flight += 1;
      void this.#attempt(next.key, next.attempt).finally(() => {
        this.#in_flight -= 1;
        next.done();
        this.#start_more();
      });
    }
  }
  async #attempt(key: string, attempt: number): Promise<void> {
    const delivery = this.#deliveries.get(key);
    const target = this.target;
    if (delivery === undefined || target === undefined || this.#stopping.signal.aborted) return;
    if (await this.#post(delivery, target, attempt)) {
      this.#delivered += 1;
      this.#deliveries.delete(key);
      return;
    }
    if (this.#stopping.signal.aborted) return;
    if (attempt >= webhook_attempts_max) {
      this.#given_up += 1;
      this.#deliveries.delete(key);
      return;
    }
    const delay_ms = Math.min(retry_max_ms, retry_first_ms * 2 ** (attempt - 1));
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#ready.push({ key, attempt: attempt + 1, done: () => undefined });
      this.#start_more();
    }, delay_ms);
    timer.unref();
    this.#timers.add(timer);
  }
  /** A bad signature is of the first attempt only: the retry is what a real third party would send after a rotated secret. */
  async #post(delivery: Delivery, target: WebhookTarget, attempt: number): Promise<boolean> {
    const { secret, at_ms } = signing(target, attempt === 1 ? delivery.spoiled : undefined, this.#now_ms());
    const signed = this.#sign({ body: delivery.body, secret, at_ms, id: delivery.id, url: target.url });
    try {
      const reply = await fetch(target.url, {
        method: 'POST',
        headers: { 'content-type': this.#content_type, ...signed },
        body: delivery.body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(webhook_timeout_ms), this.#stopping.signal]),
      });
      const told = await reply.text();
      if (reply.ok) this.#heard?.(told);
      return reply.ok;
    } catch {
      // Any failure to deliver is the same to the sender: it tries again later.
      return false;
    }
  }
}

function signing(target: WebhookTarget, spoiled: FaultName | undefined, now_ms: number): { secret: string; at_ms: number } {
  const { secret, old_secret = `${secret}_old`, new_secret = `${secret}_new` } = target;
  if (spoiled === 'webhook_bad_signature') return { secret: wrong_secret, at_ms: now_ms };
  if (spoiled === 'webhook_old_secret') return { secret: old_secret, at_ms: now_ms };
  if (spoiled === 'webhook_new_secret') return { secret: new_secret, at_ms: now_ms };
  return { secret, at_ms: spoiled === 'webhook_stale' ? now_ms - stale_ms : now_ms };
}
