/** What the stream soak flies: targets that stream the same text in chunks of their own sizes, break off where they are told to, and take their thread down. */
import { createHash } from 'node:crypto';
import { defineTargets, type AttemptContext } from '../src/index.js';

export interface StreamOrder {
  readonly key: string;
  /** Pieces of the text. */
  readonly pieces: number;
  /** Where the first target breaks off, and how; -1: it does not. */
  readonly cutAt: number;
  readonly cutBy: 'error' | 'end' | 'silence';
  /** Take the thread down a moment after the call, with all streams on it: where it is called again, until it is found out. */
  readonly death: 'exit' | 'throw' | 'reject' | null;
}

/** The text of a key, piece by piece: each names its place, so that one that is lost, doubled or out of order is seen; the last one ends in a full stop. */
export const pieceOf = (key: string, index: number, pieces: number): string => `${key}.${index}${index === pieces - 1 ? '.' : ''};`;

/** Digest of the text: what every reader must come to. */
export function digestOf(key: string, pieces: number): string {
  const hash = createHash('sha256');
  for (let index = 0; index < pieces; index++) hash.update(pieceOf(key, index, pieces));
  return hash.digest('hex');
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

function die(death: NonNullable<StreamOrder['death']>): void {
  if (death === 'exit') process.exit(1);
  if (death === 'throw') throw new Error('thrown by the soak');
  void Promise.reject(new Error('rejected by the soak'));
}

/** From the piece `from` on, `size` pieces a chunk. */
async function* tell({ key, pieces, cutAt, cutBy }: StreamOrder, from: number, size: number, mayCut: boolean): AsyncGenerator<string> {
  for (let index = from; index < pieces; index += size) {
    if (mayCut && cutAt !== -1 && index >= cutAt) {
      if (cutBy === 'error') throw Object.assign(new Error('cut by the soak'), { status: 502 });
      if (cutBy === 'silence') await new Promise(() => {});
      return;
    }
    await pause(4);
    yield Array.from({ length: Math.min(size, pieces - index) }, (_, at) => pieceOf(key, index + at, pieces)).join('');
  }
}

const piecesIn = (text: string): number => text.split(';').length - 1;

/** The last piece ends in a full stop. */
const isComplete = (last: string | undefined): boolean => last?.endsWith('.;') === true;

function target(size: number) {
  return {
    run: async (order: StreamOrder, { attempt }: AttemptContext): Promise<AsyncIterable<string>> => {
      if (order.death !== null) {
        const { death } = order;
        setTimeout(() => die(death), 10);
      }
      return tell(order, 0, size, attempt === 1);
    },
    resume: (order: StreamOrder, delivered: readonly string[]): AsyncIterable<string> =>
      tell(order, piecesIn(delivered.join('')), size, false),
    isComplete,
  };
}

export default defineTargets(() => ({ primary: target(1), backup: target(3), third: target(2) }));
