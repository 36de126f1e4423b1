import type { ReactNode } from 'react';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';

export function Payments(): ReactNode {
  return (
    <Page title="Payments">
      <div className="card">
        <Empty title="Nothing here yet" />
      </div>
    </Page>
  );
}
