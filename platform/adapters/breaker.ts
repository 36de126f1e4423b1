/**
 * When one provider is not called (reliability.md 2.6). A provider that fails gets one probe every five seconds instead of everybody's calls, and so does
 * one that answers far slower than it used to: each of its answers holds a place that others need.
 */

export const window_ms = 10_000;
export const calls_min = 20;
export const failure_share_max = 0.5;
export const probe_every_ms = 5_000;
export const slowness_max = 4;
/** Four times nothing is nothing: below this nobody waits for anybody. */
export const slow_from_ms = 1_000;
/** What has been slow for so long is how it is now. */
export const slow_forgotten_ms = 300_000;
/** How much of what is normal comes from the latest window. */
const normal_share = 0.2;
const remembered_max = 2_000;

export type Ill = 'failing' | 'slow';

export interface Breaker {
  /** `one`: a probe, and none is under way. */
  allows(): 'all' | 'one' | 'none';
  /** The call that begins now: the probe, when it is open. */
  begin(): Call;
  state(): {
    readonly ill: Ill | null;
    readonly since_ms: number | null;
    readonly p95_ms: number | null;
    readonly normal_ms: number | null;
  };
}
export interface Call {
  /** Once. `failed`: no answer, or one that says "later". A decline is an answer. */
  end(failed: boolean): void;
}

interface Seen {
  readonly at: number;
  readonly took_ms: number;
  readonly failed: boolean;
}
interface Illness {
  readonly ill: Ill;
  readonly since_ms: number;
  probe_at: number;
  probing: boolean;
}

export function create_breaker(now_ms: () => number): Breaker {
  let seen: Seen[] = [];
  let normal_ms: number | null = null;
  let learned_at = now_ms();
  let illness: Illness | undefined;

  const open = (ill: Ill, at: number): void => {
    illness = { ill, since_ms: at, probe_at: at + probe_every_ms, probing: false };
    seen = [];
  };
  const is_slow = (took_ms: number): boolean => normal_ms !== null && took_ms > Math.max(slow_from_ms, slowness_max * normal_ms);

  const illness_of = (took_ms: number): Ill | undefined => {
    if (seen.filter(({ failed }) => failed).length / seen.length >= failure_share_max) return 'failing';
    // Without a slow one among them the slowest twentieth is not slow: most calls need no sorting.
    return is_slow(took_ms) && is_slow(p95(seen) ?? 0) ? 'slow' : undefined;
  };
  const judge = (at: number, took_ms: number): void => {
    if (seen.length < calls_min) return;
    const ill = illness_of(took_ms);
    if (ill !== undefined) open(ill, at);
    if (ill !== undefined || at - learned_at < window_ms) return;
    learned_at = at;
    const now = p95(seen) ?? 0;
    normal_ms = normal_ms === null ? now : normal_ms + (now - normal_ms) * normal_share;
  };

  const end_probe = (ended: Illness, failed: boolean, took_ms: number): void => {
    const at = now_ms();
    if (illness !== ended) return;
    ended.probing = false;
    ended.probe_at = at + probe_every_ms;
    if (failed) return;
    const lasting = ended.ill === 'slow' && at - ended.since_ms > slow_forgotten_ms;
    if (lasting) normal_ms = null;
    if (ended.ill === 'slow' && is_slow(took_ms)) return;
    illness = undefined;
    seen = [];
    learned_at = at;
  };

  return {
    allows() {
      if (illness === undefined) return 'all';
      return illness.probing || now_ms() < illness.probe_at ? 'none' : 'one';
    },
    begin() {
      const began = now_ms();
      const probed = illness;
      if (probed !== undefined) probed.probing = true;
      return {
        end(failed) {
          const at = now_ms();
          if (probed !== undefined) return end_probe(probed, failed, at - began);
          // What began before it opened proves nothing about now.
          if (illness !== undefined) return;
          seen = [...seen.filter(one => at - one.at <= window_ms).slice(1 - remembered_max), { at, took_ms: at - began, failed }];
          judge(at, at - began);
        },
      };
    },
    state: () => ({ ill: illness?.ill ?? null, since_ms: illness?.since_ms ?? null, p95_ms: p95(seen), normal_ms }),
  };
}

function p95(seen: readonly Seen[]): number | null {
  const sorted = seen.map(({ took_ms }) => took_ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)] ?? null;
}
