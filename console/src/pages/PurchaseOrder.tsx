import type { ReactNode } from 'react';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';

export function PurchaseOrder(): ReactNode {
  return (
    <Page title="Purchase order">
      <div className="card">
        <Empty title="Nothing here yet" />
      </div>
    </Page>
  );
}
