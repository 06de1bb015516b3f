/**
 * Where a pump's chunks come from: any async iterable, and how it is let go of. Streams of Node and of the web are told themselves: their iterators hear
 * that nobody reads on only once the chunk has come that was asked for last, and before the first one was asked for, never.
 */
import { asPromise } from './call-target.js';

export interface StreamSource {
  /** What the stream says, a promise or not. @throws what the stream throws */
  next(): unknown;
  /** Nobody wants more: what it holds open is closed. How it ends then is nobody's business. */
  letGo(): Promise<unknown> | null;
}

type NodeStream = AsyncIterable<unknown> & { on(event: string, listener: () => void): void; destroy(): void };

const isNodeStream = (stream: object): stream is NodeStream =>
  typeof (stream as Partial<NodeStream>).destroy === 'function' && typeof (stream as Partial<NodeStream>).on === 'function';

/** @throws what the stream throws when it is asked for its iterator */
export function sourceOf(stream: AsyncIterable<unknown>): StreamSource {
  if (stream instanceof ReadableStream) {
    const reader = stream.getReader();
    return { next: () => reader.read(), letGo: () => settled(() => reader.cancel()) };
  }
  const iterator = stream[Symbol.asyncIterator]();
  const next = (): unknown => iterator.next();
  const returned = (): Promise<unknown> | null => settled(() => iterator.return?.());
  if (!isNodeStream(stream)) return { next, letGo: returned };
  return {
    next,
    letGo() {
      const ended = returned();
      void settled(() => destroyed(stream));
      return ended;
    },
  };
}

/** Ends a stream that nobody will read. */
export function closeStream(stream: AsyncIterable<unknown>): Promise<unknown> | null {
  return settled(() => sourceOf(stream).letGo());
}

function destroyed(stream: NodeStream): void {
  // One that was never read has no listener yet, and an error that nobody listens to ends the process.
  stream.on('error', () => undefined);
  stream.destroy();
}

/** Whatever its methods throw, or its promises reject with. */
function settled(end: () => unknown): Promise<unknown> | null {
  try {
    return asPromise(end()).catch(() => undefined);
  } catch {
    return null;
  }
}
