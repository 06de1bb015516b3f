/**
 * `midStream: 'verify'`: does the next target repeat what was delivered? Compares running hashes, so that nothing delivered need be kept. Borders between
 * chunks of text or of bytes do not count; any other value is one chunk.
 */
import type { Hash } from 'node:crypto';
import * as types from 'node:util/types';
import { canonicalKey } from '../workers/canonical.js';
import { said } from './said.js';

type RunKind = 'bytes' | 'text';

/** A position in a transcript. If position and digest are equal, the same was said. */
interface Place {
  /** Completed runs of bytes or text, and values. */
  readonly closed: number;
  /** The kind of the run at the end; `null`: it ends with a value, or is empty. */
  readonly kind: RunKind | null;
  /** Bytes or characters of that run. */
  readonly length: number;
}

/** What a stream has said so far. */
export class Transcript implements Place {
  readonly #hash: Hash = process.getBuiltinModule('node:crypto').createHash('sha256');
  closed = 0;
  kind: RunKind | null = null;
  length = 0;

  get isEmpty(): boolean {
    return this.closed === 0 && this.kind === null;
  }

  add(chunk: unknown): void {
    if (isEmptyRun(chunk)) return;
    const kind = runKindOf(chunk);
    if (kind !== this.kind) this.#close();
    if (kind === null) {
      const text = valueText(chunk);
      this.#hash.update(text);
      this.#hash.update(`|value ${text.length}|`);
      this.closed++;
      return;
    }
    this.kind = kind;
    this.length += (chunk as string | Uint8Array).length;
    // As UTF-16, so that half of a surrogate pair at a chunk's border stays what it is.
    if (typeof chunk === 'string') this.#hash.update(chunk, 'utf16le');
    else this.#hash.update(chunk as Uint8Array);
  }

  /** The position after `chunk`, whose run (if it is in one) begins at `from`. */
  placeAfter(chunk: unknown): Place & { readonly from: number } {
    const kind = runKindOf(chunk);
    const isSame = kind !== null && kind === this.kind;
    const closed = this.closed + (this.kind !== null && !isSame ? 1 : 0) + (kind === null ? 1 : 0);
    const from = isSame ? this.length : 0;
    return { closed, kind, from, length: kind === null ? 0 : from + (chunk as string | Uint8Array).length };
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** The length follows each run, as it does each value, so that no content can look like a border. */
  #close(): void {
    if (this.kind === null) return;
    this.#hash.update(`|${this.kind} ${this.length}|`);
    this.closed++;
    this.kind = null;
    this.length = 0;
  }
}

/** The result for one chunk: part of what was delivered, past it (`rest`: what is new in it), or different. */
export type Comparison = { readonly is: 'known' } | { readonly is: 'through'; readonly rest: unknown } | { readonly is: 'different' };
const KNOWN: Comparison = { is: 'known' };
const DIFFERENT: Comparison = { is: 'different' };

/** Compares one attempt with what was delivered before it. */
export class ReplayCheck {
  readonly #told: Place & { readonly digest: string };
  readonly #again = new Transcript();

  constructor(told: Transcript) {
    this.#told = { closed: told.closed, kind: told.kind, length: told.length, digest: told.digest() };
  }

  compare(chunk: unknown): Comparison {
    if (isEmptyRun(chunk)) return KNOWN;
    const told = this.#told;
    // Only empty runs were delivered so far.
    if (told.closed === 0 && told.kind === null) return { is: 'through', rest: chunk };
    const after = this.#again.placeAfter(chunk);
    const isThere = after.closed === told.closed;
    if (after.closed > told.closed || (isThere && after.kind !== null && after.kind !== told.kind)) return DIFFERENT;
    // A value right before the last delivered run is still part of what was delivered.
    if (!isThere || after.kind !== told.kind || after.length < told.length) {
      this.#again.add(chunk);
      return KNOWN;
    }
    // The delivered part may end in the middle of this chunk.
    const split = told.length - after.from;
    const { known, rest } = after.kind === null ? { known: chunk, rest: undefined } : splitAt(chunk as string | Uint8Array, split);
    this.#again.add(known);
    return this.#again.digest() === told.digest ? { is: 'through', rest } : DIFFERENT;
  }
}

function splitAt(chunk: string | Uint8Array, at: number): { known: string | Uint8Array; rest: unknown } {
  if (at === chunk.length) return { known: chunk, rest: undefined };
  if (typeof chunk === 'string') return { known: chunk.slice(0, at), rest: chunk.slice(at) };
  return { known: chunk.subarray(0, at), rest: Buffer.isBuffer(chunk) ? Buffer.from(chunk.subarray(at)) : chunk.slice(at) };
}

/** Checks the value itself, not its prototype: a Proxy of bytes is not bytes. */
function runKindOf(chunk: unknown): RunKind | null {
  return typeof chunk === 'string' ? 'text' : types.isUint8Array(chunk) ? 'bytes' : null;
}

/** Empty text or bytes say nothing, wherever they stand. Detached bytes are empty too, but count as a value that cannot be compared. */
function isEmptyRun(chunk: unknown): boolean {
  if (chunk === '') return true;
  return runKindOf(chunk) === 'bytes' && (chunk as Uint8Array).length === 0 && !isDetached((chunk as Uint8Array).buffer);
}

/** Node 20 has no other way to tell. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).length > 0;
  } catch {
    return true;
  }
}

/** How many values could not be compared so far in this process. */
let incomparable = 0;

/**
 * The canonical form of a value, so that the order of properties does not count; else, if it can be cloned, what `said` makes of it. A value that cannot
 * (it holds a function, its own code throws) equals nothing, not even itself: readers get it, but no other target can prove to have repeated it.
 */
function valueText(chunk: unknown): string {
  try {
    return canonicalKey(chunk);
  } catch {
    try {
      return `said ${said(chunk)}`;
    } catch {
      return `incomparable ${++incomparable}`;
    }
  }
}
