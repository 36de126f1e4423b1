/** Keys of programs, accounts of people, and how each third party is. */
import type { ReactNode } from 'react';
import { Page } from '../components/Page.tsx';
import { Keys } from './settings/Keys.tsx';
import { Providers } from './settings/Providers.tsx';
import { StaffCard } from './settings/Staff.tsx';

export function Settings(): ReactNode {
  return (
    <Page title="Settings" lead="Who may do what here, and who we talk to.">
      <div className="stack">
        <Keys />
        <StaffCard />
        <Providers />
      </div>
    </Page>
  );
}
