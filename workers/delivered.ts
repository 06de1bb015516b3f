/** The chunks of a flight as a port shard keeps them for `resume`: packed, so that nobody can change them, and limited in size. */
import { bytesOf } from './body.js';
import { type Body, CHUNK_BYTES_EXTRA, type PackedPart } from './protocol.js';
import { own } from './text.js';
import type { Wire } from './wire.js';

export class Delivered {
  readonly #wire: Wire;
  readonly #bytesMax: number;
  /** `null`: there were too many to keep. */
  #bodies: Body[] | null = [];
  readonly #earlier: Body | null;
  #bytes = 0;

  /** @param earlier the chunks that earlier lives gave, as one packed list */
  constructor(wire: Wire, bytesMax: number, earlier: PackedPart | null) {
    this.#wire = wire;
    this.#bytesMax = bytesMax;
    // A copy: it is a view on an envelope that holds others' frames too.
    this.#earlier = earlier === null ? null : { kind: earlier[0], data: copyOf(earlier[1]) };
    this.#bytes = earlier === null ? 0 : bytesOf(earlier[1]);
  }

  add({ kind, data }: Body): void {
    this.#bytes += bytesOf(data) + CHUNK_BYTES_EXTRA;
    if (this.#bytes > this.#bytesMax) this.#bodies = null;
    // A copy: large bodies move to the front.
    else this.#bodies?.push({ kind, data: copyOf(data) });
  }

  /** All of them, unpacked anew; `null`: they are no longer kept. */
  all(): readonly unknown[] | null {
    if (this.#bodies === null) return null;
    const unpack = ({ kind, data }: Body): unknown => this.#wire.unpackBody(kind, data);
    const earlier = this.#earlier === null ? [] : (unpack(this.#earlier) as unknown[]);
    return [...earlier, ...this.#bodies.map(unpack)];
  }
}

/** A text that came in an envelope may be a slice of a longer one, and bytes may be a view on it. */
const copyOf = (data: Uint8Array | string): Uint8Array | string =>
  typeof data === 'string' ? own(data) : Uint8Array.prototype.slice.call(data);
