/** What may be wider than the page. Only then the keyboard must be able to reach it, and only then it is a stop on the keyboard's way. */
import { type ReactNode, useEffect, useRef, useState } from 'react';

export function Scroll({
  label,
  busy = false,
  children,
}: {
  readonly label: string;
  readonly busy?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  const box = useRef<HTMLElement>(null);
  const [scrolls, set_scrolls] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => set_scrolls(element.scrollWidth > element.clientWidth);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
  const reachable = scrolls ? { tabIndex: 0, 'aria-label': `${label}, scrolls sideways` } : {};
  return (
    <section className="table-scroll" ref={box} aria-busy={busy} {...reachable}>
      {children}
    </section>
  );
}
