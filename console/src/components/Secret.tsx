/** A secret that is shown once: to be copied now or never. */
import type { ReactNode } from 'react';
import { Show } from './Dialog.tsx';
import { CopyId } from './Value.tsx';

interface SecretProps {
  readonly title: string;
  readonly secret: string;
  /** What it is for, and what to do with it. */
  readonly children: ReactNode;
  close(): void;
}

export function ShowSecret({ title, secret, children, close }: SecretProps): ReactNode {
  return (
    <Show open close={close} title={title}>
      <p>{children}</p>
      <div className="secret">
        <CopyId id={secret} label="secret" />
      </div>
      <p className="notice warn">It is shown this once and kept nowhere in plain text. Copy it before you close this.</p>
    </Show>
  );
}
