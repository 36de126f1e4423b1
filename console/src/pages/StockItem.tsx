import type { ReactNode } from 'react';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';

export function StockItem(): ReactNode {
  return (
    <Page title="Stock item">
      <div className="card">
        <Empty title="Nothing here yet" />
      </div>
    </Page>
  );
}
