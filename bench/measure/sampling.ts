/** Measures one row once, by tinybench. The only file that knows it: `coalescer/bench` needs it, and nothing else that is published does. */
import type { Bench } from 'tinybench';
import type { Row } from './rows.js';

export interface SamplingOptions {
  /** How long one round of a timed row takes. */
  readonly ms: number;
  readonly warmUpMs: number;
}

const NS_PER_MS = 1e6;

/** @throws Error where tinybench is not installed, or where the row fails: a figure of something that fails is worth nothing */
export async function sample(row: Row, { ms, warmUpMs }: SamplingOptions): Promise<number> {
  if ('take' in row) return row.take();
  const loaded = await tinybench();
  const bench = new loaded.Bench({
    time: ms,
    iterations: 5,
    warmup: warmUpMs > 0,
    warmupTime: warmUpMs,
    warmupIterations: 1,
    concurrency: null,
  });
  bench.add(row.name, async () => void (await row.run()), { async: true });
  await bench.run();
  const [task] = bench.tasks;
  const result = task?.result;
  if (result?.state === 'errored') throw new Error(`${row.name} failed`, { cause: result.error });
  if (result === undefined || !('latency' in result)) throw new Error(`${row.name} did not complete: ${result?.state ?? 'never run'}`);
  return (result.latency.p50 * NS_PER_MS) / row.per;
}

/** @throws Error where it is not installed: ask before anything costs something */
export async function tinybench(): Promise<{ readonly Bench: typeof Bench }> {
  try {
    return await import('tinybench');
  } catch (error) {
    throw new Error('coalescer/bench needs tinybench 6: npm install --save-dev tinybench', { cause: error });
  }
}
