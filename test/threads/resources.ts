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

/** As text, so that two of them compare and differ readably. */
export function resources(): string {
  const { libuv, workers } = process.report.getReport() as unknown as Report;
  const handles: Record<string, number> = {};
  for (const { type } of libuv.filter(({ is_active: isActive }) => isActive)) handles[type] = (handles[type] ?? 0) + 1;
  // The one timer handle of the loop is active while any JavaScript timer is armed: those are counted one by one.
  const { timer: _timer, ...others } = handles;
  const named = Object.entries(others).sort(([one], [other]) => (one < other ? -1 : 1));
  const active = process.getActiveResourcesInfo().filter((name) => !['Timeout', 'Immediate'].includes(name)).sort(); // biome-ignore format: one line
  return JSON.stringify({ threads: workers.length, handles: named, active });
}
