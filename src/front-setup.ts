/** What a front is made of: types only. */
import type { Seam } from '../workers/environment.js';
import type { Wheel } from '../workers/wheel.js';
import type { LinkReceiver, Links } from './links.js';
import type { FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';

export interface FrontSetup {
  readonly seam: Seam;
  readonly wheel: Wheel;
  readonly options: FilledOptions;
  readonly reentrance: Reentrance | null;
  readonly connect: (receiver: LinkReceiver) => Links;
}
