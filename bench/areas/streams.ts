/** One stream, many readers: what a chunk costs each of them. */
import { PassThrough } from 'node:stream';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { TakenRow } from '../measure/rows.js';
import type { Area } from './area.js';

const CHUNKS = 1_000;
/** `tee()` chains queue every chunk once more for each reader: a thousand of them take minutes, and the cost of one is the same. */
const TEES = 50;
const PIPES = 200;
const MESSAGES = 50_000;

const chunksOf = (count: number): string[] => Array.from({ length: count }, (_, at) => `token ${at}`);

/** The clock around what `run` does, over how many deliveries. */
export function delivery(name: string, deliveries: number, run: () => Promise<void>): TakenRow {
  const take = async (): Promise<number> => {
    const startedAt = performance.now();
    await run();
    return ((performance.now() - startedAt) * 1e6) / deliveries;
  };
  return { name, unit: 'ns', take, rounds: 2 };
}

async function byTee(): Promise<void> {
  let rest = ReadableStream.from(chunksOf(CHUNKS));
  const readers: ReadableStream<string>[] = [];
  for (let reader = 1; reader < TEES; reader++) {
    const [one, other] = rest.tee();
    readers.push(one);
    rest = other;
  }
  readers.push(rest);
  await Promise.all(readers.map(readThrough));
}

async function byPassThrough(): Promise<void> {
  const pipes = Array.from({ length: PIPES }, () => new PassThrough({ objectMode: true, highWaterMark: CHUNKS }));
  const read = Promise.all(pipes.map(readThrough));
  for (const chunk of chunksOf(CHUNKS)) {
    for (const pipe of pipes) pipe.write(chunk);
    await Promise.resolve();
  }
  for (const pipe of pipes) pipe.end();
  await read;
}

export async function readThrough(stream: AsyncIterable<unknown>): Promise<void> {
  let count = 0;
  for await (const chunk of stream) count += chunk === undefined ? 0 : 1;
  if (count !== CHUNKS) throw new Error(`a reader got ${count} chunks of ${CHUNKS}`);
}

/** A thread that posts a message for each chunk. */
function byMessages(worker: Worker): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ side: 'chunks', port: port2 }, [port2]);
  return () =>
    new Promise((resolve) => {
      let left = MESSAGES;
      const count = (): void => {
        if (--left > 0) return;
        port1.off('message', count);
        resolve();
      };
      port1.on('message', count);
      port1.postMessage(MESSAGES);
    });
}

export const streams: Area = {
  name: 'streams',
  conditions: ['fresh', 'after gc'],
  async open() {
    const worker = new Worker(new URL('./thread-peer.js', import.meta.url));
    return {
      rows: [
        delivery('streams/tee() chain, 50 readers', CHUNKS * TEES, byTee),
        delivery('streams/PassThrough each, 200 readers', CHUNKS * PIPES, byPassThrough),
        delivery('streams/one postMessage per chunk, from a thread', MESSAGES, byMessages(worker)),
      ],
      close: async () => void (await worker.terminate()),
    };
  },
};
