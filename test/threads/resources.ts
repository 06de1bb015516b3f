/** What a process holds: threads, handles (those that keep it alive and those that do not) and timers. */
import { createHook } from 'node:async_hooks';

interface Report {
  readonly libuv: readonly { readonly type: string; readonly is_active: boolean }[];
  readonly workers: readonly unknown[];
}

/** Timers made since `watchTimers`, unref'd ones too, which nothing else would show. */
export function watchTimers(): { readonly live: () => Promise<number>; readonly stop: () => void } {
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => void (type === 'Timeout' && timers.add(id)),
    destroy: (id) => void timers.delete(id),
  });
  hook.enable();
  const live = async (): Promise<number> => {
    // The end of a timer is told some turns after it.
    for (let turn = 0; turn < 10 && timers.size > 0; turn++)
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    return timers.size;
  };
  return { live, stop: () => void hook.disable() };
}

/** By kind, so that two of them compare and differ readably. */
export type Resources = Readonly<Record<string, number>>;

/** Is there more of any kind in `now` than in `before`? What was still going away then may be gone. */
export function exceeds(now: Resources, before: Resources): boolean {
  return Object.entries(now).some(([kind, count]) => count > (before[kind] ?? 0));
}

export function resources(): Resources {
  const { libuv, workers } = process.report.getReport() as unknown as Report;
  const handles: Record<string, number> = {};
  for (const { type } of libuv.filter(({ is_active: isActive }) => isActive)) handles[type] = (handles[type] ?? 0) + 1;
  // The one timer handle of the loop is active while any JavaScript timer is armed: those are counted one by one.
  // So are idle handles, by turns, while immediates are.
  const { timer: _timer, idle: _idle, ...others } = handles;
  const found: Record<string, number> = { ...others, threads: workers.length };
  for (const name of process.getActiveResourcesInfo()) {
    if (name !== 'Timeout' && name !== 'Immediate') found[`active ${name}`] = (found[`active ${name}`] ?? 0) + 1;
  }
  return found;
}
