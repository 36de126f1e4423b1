/** Which units go into which parcel, when nobody packed them by hand. Pure. */
import { type ParcelLine, parcel_weight_stated_max_grams, shipment_parcels_max } from './model.ts';

export interface PackedUnits {
  readonly weight_grams: number;
  readonly lines: readonly ParcelLine[];
}
interface Units {
  readonly line_no: number;
  readonly quantity: number;
  readonly weight_grams: number;
}

/**
 * One parcel when it stays within `weight_max_grams` (null: no limit), else as many as needed, filled in the order of the lines.
 * What would need more than `shipment_parcels_max` is no parcel post any more: it stays one, and a person packs it.
 */
export function pack(units: readonly Units[], weight_max_grams: number | null): readonly PackedUnits[] {
  const total_grams = units.reduce((sum, { quantity, weight_grams }) => sum + quantity * weight_grams, 0);
  const together = [packed(units, total_grams)];
  if (weight_max_grams === null || total_grams <= weight_max_grams) return together;
  return total_grams > weight_max_grams * shipment_parcels_max ? together : (pack_apart(units, weight_max_grams) ?? together);
}

function pack_apart(units: readonly Units[], weight_max_grams: number): PackedUnits[] | undefined {
  const parcels: PackedUnits[] = [];
  let lines: ParcelLine[] = [];
  let used_grams = 0;
  const close = () => {
    if (lines.length > 0) parcels.push(packed(lines, used_grams));
    lines = [];
    used_grams = 0;
  };
  for (const { line_no, quantity, weight_grams } of units) {
    let left = quantity;
    while (left > 0) {
      const fits = weight_grams === 0 ? left : Math.max(0, Math.floor((weight_max_grams - used_grams) / weight_grams));
      // A unit heavier than any parcel travels alone.
      const taken = Math.min(left, used_grams === 0 ? Math.max(1, fits) : fits);
      if (taken > 0) lines.push({ line_no, quantity: taken });
      used_grams += taken * weight_grams;
      left -= taken;
      if (left > 0) close();
      if (parcels.length >= shipment_parcels_max) return undefined;
    }
  }
  close();
  return parcels.length > shipment_parcels_max ? undefined : parcels;
}

function packed(lines: readonly ParcelLine[], weight_grams: number): PackedUnits {
  return {
    weight_grams: Math.min(Math.max(1, weight_grams), parcel_weight_stated_max_grams),
    lines: lines.map(({ line_no, quantity }) => ({ line_no, quantity })),
  };
}
