/** What suppliers hear of inventory and what they make of it (domain.md 4). Misspelling an event or a field does not compile. */
import type {
  BackorderCancelled,
  BackorderFilled,
  BackorderQueued,
  StockAllocated,
  StockLevelsChanged,
  StockReceived,
  StockReservationFailed,
} from '../../contracts/index.ts';
import type { Logged } from '../../platform/service.ts';
import type { NoteBackorder, SuppliersCommand } from './commands.ts';
import { item_id } from './model.ts';

export type Heard =
  | StockLevelsChanged
  | StockReceived
  | StockAllocated
  | StockReservationFailed
  | BackorderQueued
  | BackorderFilled
  | BackorderCancelled;

type Reactions = { readonly [T in Heard['type']]: (event: Logged<Extract<Heard, { type: T }>>) => SuppliersCommand | undefined };

export const reactions: Reactions = {
  'stock.levels_changed': ({ data }) => ({ type: 'note_levels', levels: data.levels }),
  'stock.received': ({ data: { receipt_id, quantity_sellable, quantity_quality_control, levels } }) => ({
    type: 'note_received',
    receipt_id,
    quantity: quantity_sellable + quantity_quality_control,
    levels,
  }),
  'stock.allocated': ({ data, time }) => {
    const units = data.lines.flatMap(({ sku, location_id, quantity }) =>
      typeof location_id === 'string' ? [{ item_id: item_id(sku, location_id), quantity }] : [],
    );
    return units.length === 0 ? undefined : { type: 'note_demand', at: time, units };
  },
  'stock.reservation_failed': ({ data, time }) => ({
    type: 'note_lost_demand',
    at: time,
    ref: data.customer_ref ?? data.order_id,
    short_lines: data.short_lines,
  }),
  'backorder.queued': event => note_backorder('queued', event),
  'backorder.filled': event => note_backorder('filled', event),
  'backorder.cancelled': event => note_backorder('cancelled', event),
};

function note_backorder(
  change: NoteBackorder['change'],
  { data, time, sequence }: Logged<BackorderQueued | BackorderFilled | BackorderCancelled>,
): NoteBackorder {
  const lines = data.lines.flatMap(({ line_no, sku, location_id, quantity, priority, requested_at }) =>
    typeof location_id === 'string' ? [{ line_no, sku, location_id, quantity, priority, requested_at }] : [],
  );
  return { type: 'note_backorder', order_id: data.order_id, sequence, at: time, change, lines };
}
