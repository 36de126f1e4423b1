/** Where an order's units come from (domain.md 5.3 to 5.5). Pure and deterministic: the same shelves give the same plan. */
import type { ShortLine } from '../../contracts/index.ts';
import type { Location, WantedLine } from './model.ts';

/** What the shelves hold for somebody new. */
export interface Shelves {
  /** Units of a SKU that nobody was promised; 0 when there are none. */
  free(sku: string, location_id: string): number;
  /** Units of a SKU that may still be put on backorder. */
  backorder_room(sku: string, location_id: string): number;
}

/** Units of one order line at one location, as stock.reserved tells them. */
export interface PlacedLine {
  readonly line_no: number;
  readonly location_id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly quantity_held: number;
  readonly quantity_backordered: number;
  readonly accept_backorder: boolean;
}

export interface Plan {
  readonly placed: readonly PlacedLine[];
  /** SKUs that are neither there nor may be waited for. */
  readonly short: readonly ShortLine[];
  readonly reasons: readonly string[];
}

interface Demand {
  readonly sku: string;
  readonly lines: WantedLine[];
  wanted: number;
  rest: number;
  readonly parts: Part[];
  backorder: Part | undefined;
}
interface Part {
  readonly location_id: string;
  readonly quantity: number;
}

/** `locations` in the order of 5.5. Places what there is, puts on backorder what may wait, and names what is short. */
export function plan_sources(lines: readonly WantedLine[], locations: readonly Location[], shelves: Shelves): Plan {
  if (lines.length === 0) return { placed: [], short: [], reasons: [] };
  const demands = demands_of(lines);
  const one = locations.find(location => demands.every(demand => shelves.free(demand.sku, location.id) >= demand.wanted));
  if (one !== undefined) return { placed: lines.map(line => held_at(line, one.id)), short: [], reasons: ['one_location_covers_all'] };
  take_most(demands, locations, shelves);
  const short = demands.flatMap(demand => {
    demand.backorder = backorder_of(demand, locations, shelves);
    return demand.rest > (demand.backorder?.quantity ?? 0) ? [short_line(demand, locations, shelves)] : [];
  });
  return { placed: spread_all(lines, demands), short, reasons: reasons_of(demands) };
}

/** Equal SKUs are summed first: two lines of one SKU are one demand. */
function demands_of(lines: readonly WantedLine[]): Demand[] {
  const by_sku = new Map<string, Demand>();
  for (const line of lines) {
    const demand = by_sku.get(line.sku);
    if (demand === undefined) {
      by_sku.set(line.sku, { sku: line.sku, lines: [line], wanted: line.quantity, rest: line.quantity, parts: [], backorder: undefined });
    } else {
      demand.lines.push(line);
      demand.wanted += line.quantity;
      demand.rest += line.quantity;
    }
  }
  return [...by_sku.values()];
}

function held_at(line: WantedLine, location_id: string): PlacedLine {
  const { line_no, sku, quantity, accept_backorder } = line;
  return { line_no, location_id, sku, quantity, quantity_held: quantity, quantity_backordered: 0, accept_backorder };
}

/** Repeatedly the location that covers most of the rest; of equals the first. */
function take_most(demands: readonly Demand[], locations: readonly Location[], shelves: Shelves): void {
  const open = new Set(locations);
  for (;;) {
    let best: Location | undefined;
    let most = 0;
    for (const location of open) {
      let covered = 0;
      for (const demand of demands) if (demand.rest > 0) covered += Math.min(demand.rest, shelves.free(demand.sku, location.id));
      if (covered > most) {
        most = covered;
        best = location;
      }
    }
    if (best === undefined) return;
    open.delete(best);
    for (const demand of demands) {
      const quantity = Math.min(demand.rest, shelves.free(demand.sku, best.id));
      if (quantity === 0) continue;
      demand.parts.push({ location_id: best.id, quantity });
      demand.rest -= quantity;
    }
  }
}

/** What is missing of lines that may wait, at the first location that allows all of it (5.4). */
function backorder_of(demand: Demand, locations: readonly Location[], shelves: Shelves): Part | undefined {
  const must_have = demand.lines.reduce((sum, line) => sum + (line.accept_backorder ? 0 : line.quantity), 0);
  const covered = demand.wanted - demand.rest;
  const quantity = demand.rest - Math.max(0, must_have - covered);
  if (quantity <= 0) return undefined;
  const location = locations.find(one => shelves.backorder_room(demand.sku, one.id) >= quantity);
  return location === undefined ? undefined : { location_id: location.id, quantity };
}

function short_line({ sku, wanted }: Demand, locations: readonly Location[], shelves: Shelves): ShortLine {
  return { sku, wanted, available: locations.reduce((sum, location) => sum + shelves.free(sku, location.id), 0) };
}

function reasons_of(demands: readonly Demand[]): string[] {
  const used = new Set(demands.flatMap(demand => demand.parts.map(part => part.location_id)));
  return [
    ...(used.size > 1 ? ['split_over_locations'] : used.size === 1 ? ['one_location_has_what_there_is'] : []),
    ...(demands.some(demand => demand.backorder !== undefined) ? ['backordered_at_first_location_that_allows'] : []),
  ];
}

/** In the order of the lines, each line's locations together. */
function spread_all(lines: readonly WantedLine[], demands: readonly Demand[]): PlacedLine[] {
  const by_line = new Map<number, PlacedLine[]>();
  for (const demand of demands) spread(demand, by_line);
  return lines.flatMap(line => by_line.get(line.line_no) ?? []);
}

/** Lines that cannot wait are served first, from what is there; the others from the rest and from the backorder. */
function spread(demand: Demand, by_line: Map<number, PlacedLine[]>): void {
  const pools = demand.parts.map(part => ({ ...part, backorder: false }));
  if (demand.backorder !== undefined) pools.push({ ...demand.backorder, backorder: true });
  const served = [...demand.lines.filter(line => !line.accept_backorder), ...demand.lines.filter(line => line.accept_backorder)];
  let place = 0;
  let left = pools[0]?.quantity ?? 0;
  for (const line of served) {
    let need = line.quantity;
    while (need > 0) {
      const pool = pools[place];
      if (pool === undefined || (pool.backorder && !line.accept_backorder)) break;
      const quantity = Math.min(need, left);
      if (quantity > 0) put(by_line, line, pool.location_id, quantity, pool.backorder);
      need -= quantity;
      left -= quantity;
      if (left === 0) {
        place += 1;
        left = pools[place]?.quantity ?? 0;
      }
    }
  }
}

/** One entry per line and location, whether its units are there or waited for. */
function put(by_line: Map<number, PlacedLine[]>, line: WantedLine, location_id: string, quantity: number, backorder: boolean): void {
  const { line_no, sku, accept_backorder } = line;
  const placed = by_line.get(line_no) ?? [];
  const place = placed.findIndex(one => one.location_id === location_id);
  const known = placed[place];
  const entry: PlacedLine = {
    line_no,
    location_id,
    sku,
    quantity: (known?.quantity ?? 0) + quantity,
    quantity_held: (known?.quantity_held ?? 0) + (backorder ? 0 : quantity),
    quantity_backordered: (known?.quantity_backordered ?? 0) + (backorder ? quantity : 0),
    accept_backorder,
  };
  if (known === undefined) placed.push(entry);
  else placed[place] = entry;
  by_line.set(line_no, placed);
}
