import type { ReactNode } from 'react';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';

export function AuditLog(): ReactNode {
  return (
    <Page title="Audit log">
      <div className="card">
        <Empty title="Nothing here yet" />
      </div>
    </Page>
  );
}
