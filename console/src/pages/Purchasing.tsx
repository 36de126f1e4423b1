import type { ReactNode } from 'react';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';

export function Purchasing(): ReactNode {
  return (
    <Page title="Purchasing">
      <div className="card">
        <Empty title="Nothing here yet" />
      </div>
    </Page>
  );
}
