/** Every page of the console: where it is, what the menu calls it, and the scope without which the API would refuse it. */
import { type ComponentType, lazy } from 'react';
import type { IconName } from './components/Icon.tsx';

export interface PageRoute {
  readonly path: string;
  readonly page: ComponentType;
  readonly scope: string;
  /** Absent: reached from another page. */
  readonly menu?: { readonly group: string; readonly label: string; readonly icon: IconName };
}

/** Each page is a file of its own for the browser too: it is loaded when it is first looked at. */
function page<Name extends string>(load: () => Promise<Readonly<Record<Name, ComponentType>>>, name: Name): ComponentType {
  return lazy<ComponentType>(async () => ({ default: (await load())[name] }));
}

const today = 'Today';
const goods = 'Goods';
const money = 'Money and parcels';
const machine = 'Behind it';

export const page_routes: readonly PageRoute[] = [
  {
    path: '/',
    page: page(() => import('./pages/Live.tsx'), 'Live'),
    scope: 'operations:read',
    menu: { group: today, label: 'Live', icon: 'live' },
  },
  {
    path: '/orders',
    page: page(() => import('./pages/Orders.tsx'), 'Orders'),
    scope: 'orders:read',
    menu: { group: today, label: 'Orders', icon: 'orders' },
  },
  { path: '/orders/:id', page: page(() => import('./pages/Order.tsx'), 'Order'), scope: 'orders:read' },
  {
    path: '/exceptions',
    page: page(() => import('./pages/Exceptions.tsx'), 'Exceptions'),
    scope: 'operations:read',
    menu: { group: today, label: 'Exceptions', icon: 'exceptions' },
  },
  {
    path: '/insight',
    page: page(() => import('./pages/Insight.tsx'), 'Insight'),
    scope: 'analytics:read',
    menu: { group: today, label: 'Insight', icon: 'insight' },
  },
  { path: '/insight/query', page: page(() => import('./pages/InsightQuery.tsx'), 'InsightQuery'), scope: 'analytics:read' },
  { path: '/insight/:metric', page: page(() => import('./pages/InsightMetric.tsx'), 'InsightMetric'), scope: 'analytics:read' },
  {
    path: '/stock',
    page: page(() => import('./pages/Stock.tsx'), 'Stock'),
    scope: 'stock:read',
    menu: { group: goods, label: 'Stock', icon: 'stock' },
  },
  { path: '/stock/:sku', page: page(() => import('./pages/StockItem.tsx'), 'StockItem'), scope: 'stock:read' },
  {
    path: '/purchasing',
    page: page(() => import('./pages/Purchasing.tsx'), 'Purchasing'),
    scope: 'suppliers:read',
    menu: { group: goods, label: 'Purchasing', icon: 'purchasing' },
  },
  { path: '/purchasing/:id', page: page(() => import('./pages/PurchaseOrder.tsx'), 'PurchaseOrder'), scope: 'suppliers:read' },
  {
    path: '/suppliers',
    page: page(() => import('./pages/Suppliers.tsx'), 'Suppliers'),
    scope: 'suppliers:read',
    menu: { group: goods, label: 'Suppliers', icon: 'suppliers' },
  },
  { path: '/suppliers/:code', page: page(() => import('./pages/Supplier.tsx'), 'Supplier'), scope: 'suppliers:read' },
  {
    path: '/payments',
    page: page(() => import('./pages/Payments.tsx'), 'Payments'),
    scope: 'payments:read',
    menu: { group: money, label: 'Payments', icon: 'payments' },
  },
  { path: '/payments/:id', page: page(() => import('./pages/Payment.tsx'), 'Payment'), scope: 'payments:read' },
  {
    path: '/shipments',
    page: page(() => import('./pages/Shipments.tsx'), 'Shipments'),
    scope: 'shipments:read',
    menu: { group: money, label: 'Shipments', icon: 'shipments' },
  },
  { path: '/shipments/:id', page: page(() => import('./pages/Shipment.tsx'), 'Shipment'), scope: 'shipments:read' },
  {
    path: '/operations',
    page: page(() => import('./pages/Operations.tsx'), 'Operations'),
    scope: 'operations:read',
    menu: { group: machine, label: 'Operations', icon: 'operations' },
  },
  {
    path: '/dead-letters',
    page: page(() => import('./pages/DeadLetters.tsx'), 'DeadLetters'),
    scope: 'operations:read',
    menu: { group: machine, label: 'Dead letters', icon: 'letter' },
  },
  {
    path: '/consumers',
    page: page(() => import('./pages/Consumers.tsx'), 'Consumers'),
    scope: 'operations:read',
    menu: { group: machine, label: 'Consumers', icon: 'consumers' },
  },
  {
    path: '/audit',
    page: page(() => import('./pages/Audit.tsx'), 'Audit'),
    scope: 'operations:read',
    menu: { group: machine, label: 'Auditor', icon: 'audit' },
  },
  {
    path: '/webhooks',
    page: page(() => import('./pages/Webhooks.tsx'), 'Webhooks'),
    scope: 'admin',
    menu: { group: machine, label: 'Webhooks', icon: 'webhooks' },
  },
  { path: '/webhooks/:id', page: page(() => import('./pages/Webhook.tsx'), 'Webhook'), scope: 'admin' },
  {
    path: '/audit-log',
    page: page(() => import('./pages/AuditLog.tsx'), 'AuditLog'),
    scope: 'admin',
    menu: { group: machine, label: 'Audit log', icon: 'log' },
  },
  {
    path: '/settings',
    page: page(() => import('./pages/Settings.tsx'), 'Settings'),
    scope: 'admin',
    menu: { group: machine, label: 'Settings', icon: 'settings' },
  },
];
