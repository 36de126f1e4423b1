/** What was done, said once in the corner and read by screen readers. Refusals are shown where the person acts, not here. */
import { Toast } from '@base-ui/react/toast';
import type { ReactNode } from 'react';
import { Icon } from './Icon.tsx';

const shown_ms = 5_000;
const manager = Toast.createToastManager();

export function toast(text: string): void {
  // As its title: a title is what a screen reader calls it by.
  manager.add({ title: text });
}

export function Toasts({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <Toast.Provider toastManager={manager} timeout={shown_ms}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List(): ReactNode {
  const { toasts } = Toast.useToastManager();
  return toasts.map(one => (
    <Toast.Root key={one.id} toast={one} className="toast">
      <Icon name="check" />
      <Toast.Title render={<p />} />
    </Toast.Root>
  ));
}
