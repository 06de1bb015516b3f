/**
 * Where a pump's chunks come from: any async iterable, and how it is let go of. Node's own streams and the web's are told themselves: their iterators hear
 * that nobody reads on only once the chunk has come that was asked for last, and those of Node, before a first one was asked for, never. What has an
 * iterator of its own making is let go of by that.
 */
import { asPromise } from './call-target.js';

export interface StreamSource {
  /** What the stream says, a promise or not. @throws what the stream throws */
  next(): unknown;
  /** It has come to its end, or failed. */
  over(): void;
  /** Nobody wants more: what it holds open is closed. How it ends then is nobody's business. */
  letGo(): Promise<unknown> | null;
}

/** Is it one of these, iterated over as all of them are? What throws when it is looked at is none. */
function isOf(stream: AsyncIterable<unknown>, kind: (abstract new () => AsyncIterable<unknown>) | undefined): boolean {
  try {
    return kind !== undefined && stream instanceof kind && stream[Symbol.asyncIterator] === kind.prototype[Symbol.asyncIterator];
  } catch {
    return false;
  }
}

/** @throws what the stream throws when it is asked for its iterator */
export function sourceOf(stream: AsyncIterable<unknown>): StreamSource {
  // Not there in every sandbox.
  if (isOf(stream, globalThis.ReadableStream)) return webSource(stream as unknown as ReadableStream);
  const iterator = stream[Symbol.asyncIterator]();
  return iteratorSource(iterator, isOf(stream, process.getBuiltinModule('node:stream').Readable) ? (stream as NodeStream) : null);
}

/** `stream`: what it is the iterator of, where that is Node's own. */
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
    // One that was never read has no listener yet, and an error that nobody listens to ends the process.
    stream.on('error', () => undefined);
    return stream.destroy();
  });
}

/** Whatever its methods throw, or its promises reject with. */
function settled(end: () => unknown): Promise<unknown> | null {
  try {
    return asPromise(end()).catch(() => undefined);
  } catch {
    return null;
  }
}
