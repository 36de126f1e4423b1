/** Small values: money, a time, an id to copy, a list of facts, somebody's raw JSON. */
import { Fragment, type ReactNode, useEffect, useState } from 'react';
import { count, exact, minute, money, relative } from '../format.ts';
import { after, every, now_ms } from '../ports.ts';
import { Icon } from './Icon.tsx';

export function Money({ amount, currency }: { readonly amount: number; readonly currency: string }): ReactNode {
  return <span className="number">{money(amount, currency)}</span>;
}

/** None of them stands back, so that the others are seen. */
export function Units({ units }: { readonly units: number }): ReactNode {
  return <span className={units === 0 ? 'quiet number' : 'number'}>{count(units)}</span>;
}

const minute_ms = 60_000;

/** A time as people say it, the exact one in its title. `ago`: how long since, kept up to date. */
export function Time({ at, ago = false }: { readonly at: string | null | undefined; readonly ago?: boolean }): ReactNode {
  const [now, set_now] = useState(now_ms);
  useEffect(() => (ago ? every(minute_ms / 4, () => set_now(now_ms())) : undefined), [ago]);
  if (at === null || at === undefined) return <span className="quiet">–</span>;
  return (
    <time dateTime={at} title={exact(at)} className="number">
      {ago ? relative(at, Math.max(now, Date.parse(at) > now ? now : now_ms())) : minute(at, now)}
    </time>
  );
}

const told_ms = 1_500;

export function CopyId({ id, label = 'id' }: { readonly id: string; readonly label?: string }): ReactNode {
  const [copied, set_copied] = useState(false);
  useEffect(() => (copied ? after(told_ms, () => set_copied(false)) : undefined), [copied]);
  const copy = () => void navigator.clipboard.writeText(id).then(() => set_copied(true));
  return (
    <span className="copy">
      <span className="mono" title={id}>
        {id}
      </span>
      <button type="button" onClick={copy} aria-label={`Copy ${label}`}>
        <Icon name={copied ? 'check' : 'copy'} size={13} />
      </button>
      <span className="hidden" role="status">
        {copied ? 'Copied' : ''}
      </span>
    </span>
  );
}

/** Facts without a value are left out. */
export function KeyValue({ items }: { readonly items: Readonly<Record<string, ReactNode>> }): ReactNode {
  return (
    <dl className="key-value">
      {Object.entries(items)
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}

/** Somebody's JSON, as text. */
export function Raw({ value, label }: { readonly value: unknown; readonly label: string }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section className="raw" tabIndex={0} aria-label={label}>
      {typeof value === 'string' ? value : JSON.stringify(value, null, 2)}
    </section>
  );
}
