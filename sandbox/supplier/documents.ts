/** What the supplier answers to an order: pure, from the order, the time and the magic in its SKUs. */

export interface OrderLine {
  readonly line_no: number;
  readonly supplier_sku: string;
  readonly sku: string;
  readonly quantity: number;
  /** Of one unit, minor units. */
  readonly cost: number;
}
export interface PromisedUnits {
  readonly quantity: number;
  readonly promised_at: string;
}
export interface AcknowledgedLine {
  readonly line_no: number;
  readonly status: 'accept' | 'backorder' | 'partial' | 'reschedule' | 'substitute' | 'price' | 'reject';
  readonly confirmed: number;
  readonly backordered: number;
  readonly rejected: number;
  readonly cost?: number;
  readonly substitute_sku?: string;
  readonly promises: readonly PromisedUnits[];
}
export interface ShippedLine {
  readonly line_no: number;
  readonly quantity: number;
}

const day_ms = 86_400_000;
export const backorder_ms = 14 * day_ms;
export const transit_ms = day_ms;

export type Magic = 'BO' | 'PART' | 'SUB' | 'PRICE' | 'REJ' | 'MUTE' | 'OVER' | 'DUP';
const magic = /^(BO|PART|SUB|PRICE|REJ|MUTE|OVER|DUP)-/;

export function has_magic(line: OrderLine, name: Magic): boolean {
  return [line.supplier_sku, line.sku].some(sku => magic.exec(sku)?.[1] === name);
}

function after(now_ms: number, milliseconds: number): string {
  return new Date(now_ms + milliseconds).toISOString();
}

/** The line's answer, with dates. `lead_ms`: what this supplier usually needs. */
export function acknowledge(line: OrderLine, now_ms: number, lead_ms: number): AcknowledgedLine {
  const { line_no, quantity } = line;
  const soon = (units: number): PromisedUnits => ({ quantity: units, promised_at: after(now_ms, lead_ms) });
  const late = (units: number): PromisedUnits => ({ quantity: units, promised_at: after(now_ms, backorder_ms) });
  const all = { line_no, confirmed: quantity, backordered: 0, rejected: 0, promises: [soon(quantity)] };
  if (has_magic(line, 'REJ')) return { ...all, status: 'reject', confirmed: 0, rejected: quantity, promises: [] };
  if (has_magic(line, 'BO')) return { ...all, status: 'backorder', confirmed: 0, backordered: quantity, promises: [late(quantity)] };
  if (has_magic(line, 'PART')) {
    const confirmed = Math.ceil(quantity / 2);
    const backordered = quantity - confirmed;
    return {
      ...all,
      status: 'partial',
      confirmed,
      backordered,
      promises: [soon(confirmed), late(backordered)].filter(each => each.quantity > 0),
    };
  }
  if (has_magic(line, 'SUB')) return { ...all, status: 'substitute', substitute_sku: `${line.supplier_sku}-ALT` };
  if (has_magic(line, 'PRICE')) return { ...all, status: 'price', cost: raised(line.cost) };
  return { ...all, status: 'accept' };
}

/** Ten per cent more, half up. */
function raised(cost: number): number {
  return cost + Math.floor((cost + 5) / 10);
}

export function price_of(line: OrderLine): number {
  return has_magic(line, 'PRICE') ? raised(line.cost) : line.cost;
}

/** What goes out with the first truck: confirmed units, but a substitute waits for the customer's word, and OVER- gets a tenth too much. */
export function first_shipment(lines: readonly OrderLine[]): ShippedLine[] {
  return lines.flatMap(line => {
    const { confirmed } = acknowledge(line, 0, 0);
    const units = has_magic(line, 'SUB') ? 0 : has_magic(line, 'OVER') ? confirmed + Math.max(1, Math.floor(confirmed / 10)) : confirmed;
    return units > 0 ? [{ line_no: line.line_no, quantity: units }] : [];
  });
}

export function backordered_shipment(lines: readonly OrderLine[]): ShippedLine[] {
  return lines.flatMap(line => {
    const { backordered } = acknowledge(line, 0, 0);
    return backordered > 0 ? [{ line_no: line.line_no, quantity: backordered }] : [];
  });
}
