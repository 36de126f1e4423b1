/** The console's few icons, drawn with the text's colour. They say nothing that the words beside them do not. */
import type { ReactNode } from 'react';

const paths = {
  live: 'M2 8h3l2-5 3 10 2-5h2',
  orders: 'M3 2.5h10v11l-2-1.2-1.5 1.2-1.5-1.2-1.5 1.2L5 12.3 3 13.5zM5.5 6h5M5.5 9h5',
  exceptions: 'M8 2 14.5 13.5h-13zM8 6.5v3M8 11.6v.1',
  operations: 'M2.5 5h9M9 2.5 11.5 5 9 7.5M13.5 11h-9M7 8.5 4.5 11 7 13.5',
  consumers: 'M2 4h12M2 8h8M2 12h5',
  letter: 'M2 4h12v8.5H2zM2 4.5l6 4.5 6-4.5',
  audit: 'M8 1.8 13.5 4v4c0 3.2-2.3 5.3-5.5 6.3C4.8 13.3 2.5 11.2 2.5 8V4zM5.5 8l1.8 1.8L10.6 6.4',
  stock: 'M2 5.5 8 2.5l6 3v5L8 13.5l-6-3zM2 5.5l6 3 6-3M8 8.5v5',
  purchasing: 'M2 3h2l1.5 7.5h6.5L13.5 5h-9M6 13.4v.1M11.5 13.4v.1',
  payments: 'M1.5 4h13v8.5h-13zM1.5 7h13M4 10h2.5',
  shipments: 'M1.5 3.5h8v7.5h-8zM9.5 6h3l2 2.5V11h-5M4.5 12.6v.1M11.5 12.6v.1',
  suppliers: 'M2.5 13.5v-7l3.5 2v-2l3.5 2v-2l4 2v5zM2.5 6.5v-4h2v5',
  webhooks: 'M6 5.5A2.5 2.5 0 1 1 9.5 7.5L11 10M5 7.5 3.5 10a2.5 2.5 0 1 0 3.5 3.2M8 11h4a2.5 2.5 0 1 1 0 2.5',
  log: 'M4 2h8v12H4zM6 5h4M6 8h4M6 11h2',
  settings: 'M2 4.5h6M11 4.5h3M9.5 3v3M2 11.5h3M8 11.5h6M6.5 10v3',
  insight: 'M2.5 13.5v-4M6.2 13.5V6M9.8 13.5V8M13.5 13.5v-11',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5l3.5 3.5',
  menu: 'M2 4h12M2 8h12M2 12h12',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z',
  out: 'M6 2.5H3v11h3M7 8h6.5M11 5.5 13.5 8 11 10.5',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  check: 'M3 8.5 6.5 12 13 4.5',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  back: 'M9.5 3 4.5 8l5 5',
  cause: 'M4 3v5.5h8M9.5 6 12 8.5 9.5 11',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3',
  empty: 'M2 9l2-6h8l2 6v4.5H2zM2 9h3.5l1 2h3l1-2H14',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }): ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
