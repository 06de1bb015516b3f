/** The areas by name. A child loads only its own: what the others import would be in its heap. */
import type { Area } from './areas/area.js';

const loaders: Readonly<Record<string, () => Promise<Area>>> = {
  join: async () => (await import('./areas/join.js')).join,
  key: async () => (await import('./areas/key.js')).key,
  flight: async () => (await import('./areas/flight.js')).flight,
  keep: async () => (await import('./areas/keep.js')).keep,
  threads: async () => (await import('./areas/threads.js')).threads,
  loop: async () => (await import('./areas/loop.js')).loop,
  failover: async () => (await import('./areas/failover.js')).failover,
  streams: async () => (await import('./areas/streams.js')).streams,
  wire: async () => (await import('./areas/wire.js')).wire,
  table: async () => (await import('./areas/table.js')).table,
  memory: async () => (await import('./areas/memory.js')).memory,
  recovery: async () => (await import('./areas/recovery.js')).recovery,
  start: async () => (await import('./areas/start.js')).start,
};

export const areaNames: readonly string[] = Object.keys(loaders);
/** Those with rows that the gate compares. */
export const gatedAreas: readonly string[] = ['join', 'key', 'flight', 'keep', 'threads', 'failover', 'streams'];

/** @throws RangeError for a name that is none */
export async function areaOf(name: string): Promise<Area> {
  const load = loaders[name];
  if (load === undefined) throw new RangeError(`no area ${name}; there are ${areaNames.join(', ')}`);
  return load();
}
