import { crc32 } from 'node:zlib';

/** Fixed for ever: a partition is part of what consumers stored. */
export const partition_count = 16;

/** CRC-32 (IEEE 802.3) of the UTF-8 key, modulo 16: any language computes the same. */
export function partition_of(key: string): number {
  return crc32(key) % partition_count;
}

export const all_partitions: readonly number[] = Array.from({ length: partition_count }, (_, partition) => partition);
