/** Asks whether what a target gave may be shared; whatever the value does when it is looked at, there is an answer. */
import { isPromised } from './call-target.js';
import { messageOf } from './classify.js';
import type { LaunchOrder } from './protocol.js';
import type { ShardSetup } from './shard-setup.js';
import type { FilledTarget } from './targets.js';

/** Why `value` cannot be given; `null`: it can. A value whose own getters or traps throw when it is looked at is refused with what they throw. */
export function refusalOf<Order extends LaunchOrder>({ refuseValue }: ShardSetup<Order>, value: unknown, order: Order): Error | null {
  try {
    return refuseValue(value, order);
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** Is a value its leader's alone? Whatever the target's own function throws, it has not said that others may have it. */
export function isForOne({ isShareable }: FilledTarget, value: unknown): boolean {
  if (isShareable === null) return false;
  try {
    const said: unknown = isShareable(value);
    return isPromised(said) || said !== true;
  } catch {
    return true;
  }
}
