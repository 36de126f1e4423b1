/** What this browser remembers: the cart, and the orders placed here with their tokens. Storage may be full or forbidden; the shop works without. */
import { useEffect, useState } from 'preact/hooks';

/** A value in storage that pages of other tabs change, too. */
export interface Kept<T> {
  read(): T;
  write(value: T): void;
  subscribe(changed: () => void): () => void;
}

export function kept<T>(name: string, fallback: T, is_valid: (value: unknown) => value is T): Kept<T> {
  const listeners = new Set<() => void>();
  let cached: { text: string | null; value: T } | undefined;
  let unsaved: T | undefined;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  addEventListener('storage', event => {
    if (event.key === name) tell();
  });
  return {
    read() {
      if (unsaved !== undefined) return unsaved;
      const text = stored(name);
      if (cached?.text !== text) cached = { text, value: parsed(text, fallback, is_valid) };
      return cached.value;
    },
    write(value) {
      try {
        localStorage.setItem(name, JSON.stringify(value));
        unsaved = undefined;
      } catch {
        unsaved = value;
      }
      tell();
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}

export function useKept<T>(source: Kept<T>): T {
  const [value, set_value] = useState(source.read);
  useEffect(() => {
    set_value(source.read);
    return source.subscribe(() => set_value(source.read));
  }, [source]);
  return value;
}

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function parsed<T>(text: string | null, fallback: T, is_valid: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return is_valid(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

/** For guards of what was stored by an older version of the shop, or by hand. */
export function is_list_of<T>(is_one: (value: Record<string, unknown>) => boolean) {
  return (value: unknown): value is readonly T[] =>
    Array.isArray(value) && value.every(one => typeof one === 'object' && one !== null && is_one(one as Record<string, unknown>));
}
