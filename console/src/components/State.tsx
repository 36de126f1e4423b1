/** What a page shows when it has nothing to show: still loading, empty, or an error with what to do next. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from '../api.ts';
import { Button } from './Button.tsx';
import { Icon, type IconName } from './Icon.tsx';

interface EmptyProps {
  readonly title: string;
  readonly icon?: IconName;
  /** What it means, or what to do. */
  readonly children?: ReactNode;
}

export function Empty({ title, icon = 'empty', children }: EmptyProps): ReactNode {
  return (
    <div className="state">
      <Icon name={icon} size={24} />
      <strong>{title}</strong>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

export function Failed({ error, again }: { readonly error: Error; again?(): void }): ReactNode {
  return (
    <div className="state" role="alert">
      <Icon name="exceptions" size={24} />
      <strong>{title_of(error)}</strong>
      <p>{error.message}</p>
      {request_of(error)}
      {again !== undefined && (
        <Button onClick={again}>
          <Icon name="refresh" size={14} /> Try again
        </Button>
      )}
    </div>
  );
}

function title_of(error: Error): string {
  if (!(error instanceof ApiError)) return 'This page failed';
  const { status, title } = error.problem;
  if (status === 403) return 'Your role may not see this';
  return status === 404 ? 'Not found' : title;
}

function request_of(error: Error): ReactNode {
  if (!(error instanceof ApiError) || error.problem.request_id === null) return null;
  return (
    <p className="small quiet">
      Request <code>{error.problem.request_id}</code>
    </p>
  );
}

/** A refusal inside a form. */
export function Refusal({ error }: { readonly error: Error | null }): ReactNode {
  if (error === null) return null;
  return (
    <div className="notice bad" role="alert">
      <Icon name="exceptions" />
      <div>
        {error.message}
        {error instanceof ApiError && <span className="small"> ({error.problem.code})</span>}
      </div>
    </div>
  );
}

const widths = ['w2', 'w3', 'w1', 'w3', 'w2'] as const;

export function Bones({ rows = 4 }: { readonly rows?: number }): ReactNode {
  return (
    <div className="card-body stack" aria-busy="true">
      <span className="hidden">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bones are all alike and never move
        <span key={row} className={`bone ${widths[row % widths.length]}`} />
      ))}
    </div>
  );
}

interface Refreshed {
  readonly data: unknown;
  readonly error: Error | null;
  refetch(): unknown;
}

/** What is shown is old, because asking again failed. */
export function NotRefreshed({ query }: { readonly query: Refreshed }): ReactNode {
  if (query.error === null || query.data === undefined) return null;
  return (
    <div className="notice warn" role="status">
      <Icon name="exceptions" />
      <div>
        What you see is not fresh: {query.error.message}{' '}
        <Button small onClick={() => void query.refetch()}>
          Try again
        </Button>
      </div>
    </div>
  );
}

/** One object: its bones, its error, or the page made from it. */
export function Loaded<T>({ query, children }: { readonly query: UseQueryResult<T, Error>; children(data: T): ReactNode }): ReactNode {
  if (query.data !== undefined) {
    return (
      <>
        <NotRefreshed query={query} />
        {children(query.data)}
      </>
    );
  }
  if (query.error !== null) return <Failed error={query.error} again={() => void query.refetch()} />;
  return <Bones />;
}
