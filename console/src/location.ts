/** Filters, cursors and ids live in the address, so that a page can be sent to a colleague. Never a name or an e-mail. */
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';
import { address } from './api.ts';

export type Filters<Name extends string> = Readonly<Record<Name, string>>;

/** The named parameters of the address, '' when absent, and how to set some: from the first page on. */
export function useFilters<const Name extends string>(
  names: readonly Name[],
): readonly [Filters<Name>, (changes: Partial<Filters<Name>>) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const list = names.join(' ');
  const values = useMemo(() => {
    const asked = new URLSearchParams(search);
    return Object.fromEntries(list.split(' ').map(name => [name, asked.get(name) ?? ''])) as Filters<Name>; // of exactly these names
  }, [search, list]);
  const set = useCallback(
    (changes: Partial<Filters<Name>>) => navigate(address(path, { ...values, ...changes }), { replace: true }),
    [navigate, path, values],
  );
  return [values, set];
}

export interface Paging {
  readonly cursor: string;
  readonly is_first: boolean;
  older(next_cursor: string): void;
  newer(): void;
}

/** The API gives the way to older entries only; the way back is the browser's, or the first page when the visit began in the middle. */
export function usePaging(): Paging {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const asked = new URLSearchParams(search);
  const cursor = asked.get('cursor') ?? '';
  const others = Object.fromEntries([...asked].filter(([name]) => name !== 'cursor'));
  return {
    cursor,
    is_first: cursor === '',
    older: next_cursor => navigate(address(path, { ...others, cursor: next_cursor }), { state: { depth: depth() + 1 } }),
    newer: () => (depth() > 0 ? window.history.back() : navigate(address(path, others))),
  };
}

function depth(): number {
  const state: unknown = window.history.state;
  return typeof state === 'object' && state !== null && 'depth' in state && typeof state.depth === 'number' ? state.depth : 0;
}
