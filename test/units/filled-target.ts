// A target as shards fly it, for tests that need no more of one than its name.
import { fillTargets, type FilledTarget } from '../../workers/targets.js';

export function filledTarget(name: string, changed: Partial<FilledTarget> = {}): FilledTarget {
  const [target] = fillTargets({ [name]: () => 1 });
  return { ...(target as FilledTarget), ...changed };
}
