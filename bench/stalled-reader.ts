/**
 * One stalled reader among a thousand, on a stream of 200 MB: what it costs the process in memory, and the others in throughput. Each measurement in a process
 * of its own. `npm run bench:stalled`.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createCoalescer } from '../src/index.js';
import { command } from './arguments.js';

const CHUNK = 64 * 1_024;
const CHUNKS = 3_200;
const READERS = 1_000;
const MIB = 1_048_576;
const ROUNDS = 5;

export interface Stalled {
  /** Most resident memory above what it was before, in MiB. */
  readonly grownMib: number;
  readonly seconds: number;
  /** What became of the stalled reader. */
  readonly stalled: string;
  readonly bytesRead: number;
}

/** Reads the stream by `READERS` readers, with one more that stalls or without. */
export async function readStalled(withStalled: boolean): Promise<Stalled> {
  let most = 0;
  const before = process.memoryUsage.rss();
  const look = (): void => void (most = Math.max(most, process.memoryUsage.rss() - before));
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < CHUNKS; index++) {
      await Promise.resolve();
      if (index % 16 === 0) look();
      yield new Uint8Array(CHUNK).fill(index & 255);
    }
  }
  const coalescer = createCoalescer({ name: 'stalled', scope: 'public', streams: {}, targets: { bytes } });
  const stalled = withStalled ? coalescer.stream('key') : null;
  const iterator = stalled?.[Symbol.asyncIterator]();
  const startedAt = performance.now();
  let bytesRead = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of coalescer.stream('key')) bytesRead += chunk.byteLength;
  };
  const all = Promise.all(Array.from({ length: READERS }, read));
  // It has read one chunk, and never comes back for the next.
  await iterator?.next();
  await all;
  look();
  const seconds = (performance.now() - startedAt) / 1_000;
  const outcome = await stalled?.outcome;
  const told = outcome?.status === 'rejected' ? String((outcome.reason as { code?: unknown }).code) : (outcome?.status ?? 'none');
  await coalescer.close();
  return { grownMib: most / MIB, seconds, stalled: told, bytesRead };
}

/** The same with `ReadableStream.tee()`, a branch for each reader: the stalled branch holds all that was read. */
export async function readTee(): Promise<Stalled> {
  let most = 0;
  const before = process.memoryUsage.rss();
  let index = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (index % 16 === 0) most = Math.max(most, process.memoryUsage.rss() - before);
      if (index++ === CHUNKS) controller.close();
      else controller.enqueue(new Uint8Array(CHUNK).fill(index & 255));
    },
  });
  const startedAt = performance.now();
  const [stalled, other] = source.tee();
  await stalled.getReader().read();
  let bytesRead = 0;
  for await (const chunk of other) bytesRead += chunk.byteLength;
  most = Math.max(most, process.memoryUsage.rss() - before);
  return { grownMib: most / MIB, seconds: (performance.now() - startedAt) / 1_000, stalled: 'holds it all', bytesRead };
}

const inChild = (what: string): Promise<Stalled> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [what]);
    child.once('message', (result) => resolve(result as Stalled));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${what} ended with ${code}`)));
  });

const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;

const usage = `Usage: npm run bench:stalled

One stalled reader among a thousand: what it costs the process in memory, and the others in throughput, beside tee().
`;

async function main(): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const runs: Record<string, Stalled[]> = { without: [], with: [], tee: [] };
  for (let round = 0; round < ROUNDS; round++) for (const what of Object.keys(runs)) runs[what]?.push(await inChild(what));
  const of = (what: string, take: (run: Stalled) => number): number => median((runs[what] ?? []).map(take));
  say(`node ${process.version}: ${CHUNKS} chunks of ${CHUNK} bytes, ${READERS} readers, medians of ${ROUNDS}`);
  for (const [what, told] of [
    ['without', 'no stalled reader'],
    ['with', 'one stalled reader'],
    ['tee', 'tee(), two branches'],
  ] as const) {
    say(
      `${told.padEnd(24)} ${of(what, ({ seconds }) => seconds).toFixed(2)} s, memory +${of(what, ({ grownMib }) => grownMib).toFixed(0)} MiB, the stalled one: ${runs[what]?.[0]?.stalled}`,
    );
  }
  const share = of('without', ({ seconds }) => seconds) / of('with', ({ seconds }) => seconds);
  const more = of('with', ({ grownMib }) => grownMib) - of('without', ({ grownMib }) => grownMib);
  say(`throughput of the others ${(share * 100).toFixed(1)} % of what it is without, memory ${more.toFixed(0)} MiB more`);
  return 0;
}

const [, , what] = process.argv;
if (process.send === undefined) await command({ usage }, main);
else process.send(await (what === 'tee' ? readTee() : readStalled(what === 'with')), () => process.exit());
