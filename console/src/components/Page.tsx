/** The frame of a page's content: its title (of the document too), what it is for, its actions. */
import { type ReactNode, useEffect } from 'react';
import { Link } from 'wouter';
import { Icon } from './Icon.tsx';

interface PageProps {
  readonly title: string;
  /** Stands beside the title: a status. */
  readonly beside?: ReactNode;
  readonly lead?: ReactNode;
  readonly back?: { readonly href: string; readonly label: string };
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, beside, lead, back, actions, children }: PageProps): ReactNode {
  useEffect(() => {
    document.title = `${title} · Cartwright`;
  }, [title]);
  return (
    <>
      <header className="page-head">
        <div>
          {back !== undefined && (
            <Link href={back.href} className="back">
              <Icon name="back" size={12} /> {back.label}
            </Link>
          )}
          <h1>
            {title} {beside}
          </h1>
          {lead !== undefined && <p className="lead">{lead}</p>}
        </div>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

interface CardProps {
  readonly title: string;
  readonly actions?: ReactNode;
  /** Without space around: for a table or a timeline. */
  readonly flush?: boolean;
  readonly children: ReactNode;
}

export function Card({ title, actions, flush = false, children }: CardProps): ReactNode {
  return (
    <section className="card" aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </div>
      {flush ? children : <div className="card-body">{children}</div>}
    </section>
  );
}

export function Tile({ label, value, note }: { readonly label: string; readonly value: ReactNode; readonly note?: ReactNode }): ReactNode {
  return (
    <div className="card tile">
      <div className="label">{label}</div>
      <div className="value">{value}</div>
      {note !== undefined && <div className="note">{note}</div>}
    </div>
  );
}
