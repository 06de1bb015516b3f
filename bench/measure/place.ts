/** Where a bench ran: figures of different places are not to be compared. */
import { cpus, release } from 'node:os';

export interface Place {
  readonly node: string;
  readonly v8: string;
  readonly cpu: string;
  readonly processors: number;
  readonly system: string;
}

export function placeOf(): Place {
  return {
    node: process.version,
    v8: process.versions.v8,
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    processors: cpus().length,
    system: `${process.platform} ${release()}`,
  };
}

/** More than any allocator keeps at hand. */
const FRESH_BYTES = 32 * 1_024 * 1_024;
const PAGE_BYTES = 4_096;

/**
 * What it takes to touch memory for the first time, in microseconds a page: 0.2 on most machines, 10 where each comes over a hypervisor that keeps the
 * page tables. What makes garbage that the collector keeps for a while has to pay it again and again there. `null`: the system does not count them.
 */
export function pageFaultUs(): number | null {
  const { minorPageFault: before } = process.resourceUsage();
  const startedAt = performance.now();
  const fresh = new Uint8Array(FRESH_BYTES);
  for (let at = 0; at < FRESH_BYTES; at += PAGE_BYTES) fresh[at] = 1;
  const took = performance.now() - startedAt;
  const faults = process.resourceUsage().minorPageFault - before;
  return faults === 0 ? null : (took * 1_000) / faults;
}
