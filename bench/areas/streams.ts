/** One stream, many readers: what a chunk costs each of them; and what a small chunk costs that comes from a thread. */
import { PassThrough } from 'node:stream';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Build } from '../build.js';
import type { Row, TakenRow } from '../measure/rows.js';
import type { Area } from './area.js';
import type tokens from './stream-targets.js';
import { readInBatches, readThrough } from './stream-readers.js';

const CHUNKS = 1_000;
const READERS = 1_000;
/** `tee()` chains queue every chunk once more for each reader: a thousand of them take minutes, and the cost of one is the same. */
const TEES = 50;
const PIPES = 200;
const CROSSING = 50_000;

const chunksOf = (count: number): string[] => Array.from({ length: count }, (_, at) => `token ${at}`);

/** The clock around what `run` does, over how many deliveries; a collection before it. */
function delivery(name: string, deliveries: number, run: () => Promise<void>): TakenRow {
  const take = async (): Promise<number> => {
    globalThis.gc?.();
    const startedAt = performance.now();
    await run();
    return ((performance.now() - startedAt) * 1e6) / deliveries;
  };
  return { name: `streams/${name}`, unit: 'ns', take, rounds: 3 };
}

/** A thousand readers of one flight; each chunk is yielded by the target, one after the other. */
function inline({ coalescers: { createCoalescer } }: Build): Row[] {
  const speak = async function* speak(): AsyncGenerator<string> {
    for (const chunk of chunksOf(CHUNKS)) yield chunk;
  };
  const coalescer = createCoalescer({ scope: 'public', targets: { speak } });
  let talk = 0;
  const streams = (readers = READERS) => {
    talk++;
    return Array.from({ length: readers }, () => coalescer.stream(`talk ${talk}`));
  };
  return [
    {
      name: 'streams/coalescer, 10 readers, chunk by chunk',
      per: CHUNKS * 10,
      run: () => Promise.all(streams(10).map((stream) => readThrough(stream, CHUNKS))),
      gate: 1.1,
    },
    delivery('coalescer, 1,000 readers, chunk by chunk', CHUNKS * READERS, async () => {
      await Promise.all(streams().map((stream) => readThrough(stream, CHUNKS)));
    }),
    delivery('coalescer, 1,000 readers, in batches', CHUNKS * READERS, async () => {
      await Promise.all(streams().map((stream) => readInBatches(stream.batches(), CHUNKS)));
    }),
  ];
}

/** One reader of chunks that a thread yields. */
async function fromThread({ coalescers: { createCoalescer, threadTargets } }: Build) {
  const targets = threadTargets<typeof tokens>(new URL('./stream-targets.js', import.meta.url));
  const coalescer = createCoalescer({ scope: 'public', targets });
  await coalescer.ready();
  let id = 0;
  const stream = (count = CROSSING) => coalescer.stream({ count, id: ++id });
  const rows: Row[] = [
    { name: 'streams/coalescer, 1,000 chunks from a thread', per: CHUNKS, run: () => readThrough(stream(CHUNKS), CHUNKS), gate: 1.15 },
    delivery('coalescer, from a thread, chunk by chunk', CROSSING, () => readThrough(stream(), CROSSING)),
    delivery('coalescer, from a thread, in batches', CROSSING, () => readInBatches(stream().batches(), CROSSING)),
  ];
  return { rows, close: () => coalescer.close() };
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
  await Promise.all(readers.map((reader) => readThrough(reader, CHUNKS)));
}

async function byPassThrough(): Promise<void> {
  const pipes = Array.from({ length: PIPES }, () => new PassThrough({ objectMode: true, highWaterMark: CHUNKS }));
  const read = Promise.all(pipes.map((pipe) => readThrough(pipe, CHUNKS)));
  for (const chunk of chunksOf(CHUNKS)) {
    for (const pipe of pipes) pipe.write(chunk);
    await Promise.resolve();
  }
  for (const pipe of pipes) pipe.end();
  await read;
}

/** A thread that posts a message for each chunk. */
function byMessages(worker: Worker): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ side: 'chunks', port: port2 }, [port2]);
  return () =>
    new Promise((resolve) => {
      let left = CROSSING;
      const count = (): void => {
        if (--left > 0) return;
        port1.off('message', count);
        resolve();
      };
      port1.on('message', count);
      port1.postMessage(CROSSING);
    });
}

export const streams: Area = {
  name: 'streams',
  conditions: ['after gc'],
  async open(build) {
    const worker = new Worker(new URL('./thread-peer.js', import.meta.url));
    const crossing = await fromThread(build);
    return {
      rows: [
        ...inline(build),
        ...crossing.rows,
        delivery('tee() chain, 50 readers', CHUNKS * TEES, byTee),
        delivery('PassThrough each, 200 readers', CHUNKS * PIPES, byPassThrough),
        delivery('one postMessage per chunk, from a thread', CROSSING, byMessages(worker)),
      ],
      close: async () => void (await Promise.all([worker.terminate(), crossing.close()])),
    };
  },
};
