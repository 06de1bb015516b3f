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
