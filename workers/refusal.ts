/** Checks whether a target's value may be shared, even if reading the value throws. */
import { isPromised } from './call-target.js';
import { messageOf } from './classify.js';
import type { LaunchOrder } from './protocol.js';
import type { ShardSetup } from './shard-setup.js';
import type { FilledTarget } from './targets.js';

/** Why `value` cannot be given; `null`: it can. If its getters or traps throw, it is refused with their error. */
export function refusalOf<Order extends LaunchOrder>({ refuseValue }: ShardSetup<Order>, value: unknown, order: Order): Error | null {
  try {
    return refuseValue(value, order);
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** Is a value for its leader alone? If the target's own function throws, it has not allowed others to have it. */
export function isForOne({ isShareable }: FilledTarget, value: unknown): boolean {
  if (isShareable === null) return false;
  try {
    const said: unknown = isShareable(value);
    return isPromised(said) || said !== true;
  } catch {
    return true;
  }
}
