import type { ReactNode } from 'react';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';

export function DeadLetters(): ReactNode {
  return (
    <Page title="Dead letters">
      <div className="card">
        <Empty title="Nothing here yet" />
      </div>
    </Page>
  );
}
