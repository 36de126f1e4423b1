/** Every event of the platform. The one barrel: services import contracts from here. */
import type { EventOf } from './envelope.ts';
import { exceptions_contracts } from './exceptions.ts';
import { inventory_contracts } from './inventory.ts';
import { inventory_locations_contracts } from './inventory_locations.ts';
import { inventory_stock_contracts } from './inventory_stock.ts';
import { orders_contracts } from './orders.ts';
import { orders_changes_contracts } from './orders_changes.ts';
import { orders_persons_contracts } from './orders_persons.ts';
import { orders_requests_contracts } from './orders_requests.ts';
import { payments_contracts } from './payments.ts';
import { shipping_contracts } from './shipping.ts';
import { suppliers_contracts } from './suppliers.ts';
import { suppliers_purchases_contracts } from './suppliers_purchases.ts';

export * from './envelope.ts';
export * from './exceptions.ts';
export * from './inventory.ts';
export * from './inventory_locations.ts';
export * from './inventory_stock.ts';
export * from './orders.ts';
export * from './orders_changes.ts';
export * from './orders_persons.ts';
export * from './orders_requests.ts';
export * from './payments.ts';
export * from './shapes.ts';
export * from './shipping.ts';
export * from './suppliers.ts';
export * from './suppliers_purchases.ts';

/** What each service may say; analytics decides nothing and says nothing. */
export const contracts_of = {
  orders: {
    ...orders_contracts,
    ...orders_requests_contracts,
    ...orders_changes_contracts,
    ...orders_persons_contracts,
    ...exceptions_contracts,
  },
  inventory: { ...inventory_contracts, ...inventory_stock_contracts, ...inventory_locations_contracts, ...exceptions_contracts },
  payments: { ...payments_contracts, ...exceptions_contracts },
  shipping: { ...shipping_contracts, ...exceptions_contracts },
  suppliers: { ...suppliers_contracts, ...suppliers_purchases_contracts, ...exceptions_contracts },
};
export type Publisher = keyof typeof contracts_of;

/** All contracts by type. */
export const event_contracts = {
  ...contracts_of.orders,
  ...contracts_of.inventory,
  ...contracts_of.payments,
  ...contracts_of.shipping,
  ...contracts_of.suppliers,
};

type Said<S extends Publisher> = EventOf<(typeof contracts_of)[S][keyof (typeof contracts_of)[S]]>;
export type OrdersEvent = Said<'orders'>;
export type InventoryEvent = Said<'inventory'>;
export type PaymentsEvent = Said<'payments'>;
export type ShippingEvent = Said<'shipping'>;
export type SuppliersEvent = Said<'suppliers'>;
export type AnyEvent = EventOf<(typeof event_contracts)[EventType]>;
export type EventType = keyof typeof event_contracts;

export function is_event_type(type: string): type is EventType {
  return Object.hasOwn(event_contracts, type);
}

export function contract_of<T extends EventType>(type: T): (typeof event_contracts)[T] {
  return event_contracts[type];
}

/** CloudEvents' source. `publisher`: the log it stands in, which alone tells who published exception.* */
export function source_of(type: EventType, publisher: string = event_contracts[type].service): string {
  return `/cartwright/${publisher}`;
}
