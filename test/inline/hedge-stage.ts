// What tests of hedged flights share: hedges that are never refused for want of a share, ears on all attempts, and the sums that hold when nothing is in the air.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ChannelMessages, Coalescer } from '../../src/index.js';
import { openStage, type CountedEnvironment, type Script, type Stage, type StageOptions } from './stage.js';

export const AFTER_MS = 100;
export const HEDGE = { afterMs: AFTER_MS, maxExtraShare: 1 };
/** By then a flight that was launched at 0 has been hedged: the wheel ticks every 10 ms. */
export const HEDGED_MS = AFTER_MS + 10;

export const hedgedStage = (options: StageOptions = {}, count: 1 | 2 | 3 = 2): Stage => openStage({ hedge: HEDGE, ...options }, count);
export const last = ({ calls }: Script): Script['calls'][number] => calls.at(-1)!;

export type Told = ChannelMessages['coalescer:attempt'];

/** All attempts of one coalescer that are told, until it is disposed of. */
export class Ears implements Disposable {
  readonly heard: Told[] = [];
  readonly #on: (message: unknown) => void;

  constructor(coalescer: string, act: (told: Told) => void = () => undefined) {
    this.#on = (message) => {
      const told = message as Told;
      if (told.coalescer !== coalescer) return;
      this.heard.push(told);
      act(told);
    };
    subscribe('coalescer:attempt', this.#on);
  }

  /** In the order in which they ended. */
  get ends(): string[] {
    return this.heard.map(({ attempt, target, end, isHedge = false }) => `${isHedge ? 'hedge' : 'attempt'} ${attempt} ${target} ${end}`);
  }

  [Symbol.dispose](): void {
    unsubscribe('coalescer:attempt', this.#on);
  }
}

/** Of a coalescer that has nothing in the air: every flight has ended once, and no target has anything out. */
export function assertNothingLeft(coalescer: Pick<Coalescer<never, unknown>, 'stats'>, environment: CountedEnvironment): void {
  const { airborne, waiting, bytes, launched, fulfilled, rejected, abandoned, targets } = coalescer.stats();
  assert.deepEqual([airborne, waiting, bytes, environment.timers()], [0, 0, 0, 0]);
  assert.equal(launched, fulfilled + rejected + abandoned);
  for (const [name, target] of Object.entries(targets)) assert.equal(target.airborne, 0, `${name} has nothing in the air`);
}
