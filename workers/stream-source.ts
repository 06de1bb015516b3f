/**
 * Where a pump's chunks come from: any async iterable, and how it is closed. Node's own streams and the web's are closed directly: their iterators'
 * `return` takes effect only after the chunk that was asked for last has come, and, for Node's, never before a first chunk was asked for. Other
 * iterables are closed by their iterator's `return`.
 */
import { asPromise } from './call-target.js';

export interface StreamSource {
  /** The stream's next result, a promise or not. @throws what the stream throws */
  next(): unknown;
  /** It has come to its end, or failed. */
  over(): void;
  /** Nobody wants more: closes what it holds open. The result is ignored. */
  letGo(): Promise<unknown> | null;
}

/** Is it of this class, with its original iterator? Not if reading it throws. */
function isOf(stream: AsyncIterable<unknown>, kind: (abstract new () => AsyncIterable<unknown>) | undefined): boolean {
  try {
    return kind !== undefined && stream instanceof kind && stream[Symbol.asyncIterator] === kind.prototype[Symbol.asyncIterator];
  } catch {
    return false;
  }
}

/** @throws what the stream throws when it is asked for its iterator */
export function sourceOf(stream: AsyncIterable<unknown>): StreamSource {
  // Not every sandbox has it.
  if (isOf(stream, globalThis.ReadableStream)) return webSource(stream as unknown as ReadableStream);
  const iterator = stream[Symbol.asyncIterator]();
  return iteratorSource(iterator, isOf(stream, process.getBuiltinModule('node:stream').Readable) ? (stream as NodeStream) : null);
}

/** `stream`: the stream that is iterated, if it is one of Node's own. */
export function iteratorSource(iterator: AsyncIterator<unknown>, stream: NodeStream | null): StreamSource {
  const returned = (): Promise<unknown> | null => settled(() => iterator.return?.());
  const letGo = stream === null ? returned : (): Promise<unknown> | null => (void destroyed(stream), returned());
  return { next: () => iterator.next(), over() {}, letGo };
}

function webSource(stream: ReadableStream): StreamSource {
  const reader = stream.getReader();
  const over = (): void => reader.releaseLock();
  return { next: () => reader.read(), over, letGo: () => settled(() => reader.cancel().finally(over)) };
}

/** Ends a stream that nobody will read. */
export function closeStream(stream: AsyncIterable<unknown>): Promise<unknown> | null {
  return settled(() => sourceOf(stream).letGo());
}

interface NodeStream extends AsyncIterable<unknown> {
  on(event: string, listener: () => void): void;
  destroy(): unknown;
}

function destroyed(stream: NodeStream): Promise<unknown> | null {
  return settled(() => {
    // A stream that was never read has no listener yet, and an unhandled error event ends the process.
    stream.on('error', () => undefined);
    return stream.destroy();
  });
}

/** Ignores what its methods throw, or its promises reject with. */
function settled(end: () => unknown): Promise<unknown> | null {
  try {
    return asPromise(end()).catch(() => undefined);
  } catch {
    return null;
  }
}
