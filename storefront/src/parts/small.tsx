/** The small parts of every page: headings that take the focus, notices, waiting, quantities. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { advice_on } from '../advice.ts';
import { quantity_max } from '../cart.ts';
import type { Problem } from '../transport.ts';

let is_first_page = true;

/** A page's heading and title. After a click on a link the focus goes here, as it would on a page that was loaded. */
export function Heading({ children, title }: { children: ComponentChildren; title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Kettle & Leaf`;
  }, [title]);
  useEffect(() => {
    if (!is_first_page) heading.current?.focus({ preventScroll: true });
    is_first_page = false;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

export function Notice({
  tone,
  title,
  children,
}: {
  tone: 'good' | 'warn' | 'bad' | 'plain';
  title: string;
  children?: ComponentChildren;
}) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <strong>{title}</strong>
      <div>{children}</div>
    </div>
  );
}

/** What went wrong and what to do; `again` where trying again is a matter of one press. */
export function Trouble({ problem, again }: { problem: Problem; again?: () => void }) {
  const { title, next } = advice_on(problem);
  return (
    <Notice tone="bad" title={title}>
      <p>{next}</p>
      {again !== undefined && (
        <button type="button" class="button quiet" onClick={again}>
          Try again
        </button>
      )}
    </Notice>
  );
}

export function Waiting({ what }: { what: string }) {
  return (
    <p class="waiting" role="status">
      <span class="spinner" aria-hidden="true" />
      {what}
    </p>
  );
}

export function Quantity({ value, least, name, change }: { value: number; least: 0 | 1; name: string; change: (value: number) => void }) {
  return (
    <fieldset class="quantity">
      <legend class="unseen">Quantity of {name}</legend>
      <button type="button" aria-label="One less" disabled={value <= least} onClick={() => change(value - 1)}>
        −
      </button>
      <output aria-live="polite">{value}</output>
      <button type="button" aria-label="One more" disabled={value >= quantity_max} onClick={() => change(value + 1)}>
        +
      </button>
    </fieldset>
  );
}
