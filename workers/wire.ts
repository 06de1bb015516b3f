/**
 * The wire: frames to envelopes and back, bodies to bytes and back. The only file that knows the packing library. A packer belongs to one
 * life of one link; none keeps state between envelopes.
 */
import { DefaultDeserializer } from 'node:v8';
import { Packr } from 'msgpackr';
import { ColumnReader, ColumnWriter } from './columns.js';
import { BUFFER, BYTES, CLONED, PACKED, READ, TEXT, WRITTEN, type AnyFrame, type BodyKind } from './protocol.js';

/** Bodies from this size on travel beside the packed frames: packing would copy them twice (a text of 1 MB there and its length back: 6.2 ms, not 5.5). */
const BESIDE_BYTES = 64 * 1_024;

/**
 * Fewer frames than this are posted unpacked: the fixed cost of packing is divided by too few (one frame, there and read: 3.8 µs packed, 1.2 unpacked, and
 * 34 and 11 when cold; 8 frames: 0.66 and 0.69 each; 32: 0.30 and 0.58).
 */
const PACKED_FROM = 8;

/** Unpacked frames; or packed ones, with the large bodies beside them (the frame then holds an index). */
export type Envelope = readonly AnyFrame[] | Uint8Array | readonly [frames: Uint8Array, ...beside: Beside[]];
type Beside = Uint8Array | string;

/** A copy with a buffer of its own: what the packer returns is a view on a pool of many messages. */
const exact = (view: Uint8Array): Uint8Array => new Uint8Array(view);

/** The same bytes as a Buffer. A view cut from a Buffer is one already. */
const bufferOn = (view: Uint8Array): Buffer => (Buffer.isBuffer(view) ? view : Buffer.from(view.buffer, view.byteOffset, view.byteLength));

/** Missing in the types, but documented for subclasses. */
const reading = DefaultDeserializer.prototype as unknown as { readonly _readHostObject: (this: DefaultDeserializer) => NodeJS.TypedArray };

/** Node's deserializer makes typed arrays as views on its input, which holds others' values too; these own their bytes. */
class OwningDeserializer extends DefaultDeserializer {
  _readHostObject(): unknown {
    const view = reading._readHostObject.call(this);
    // Buffer.prototype.slice would share the bytes.
    return Buffer.isBuffer(view) ? Buffer.from(exact(view).buffer) : view.slice();
  }
}

function readCloned(bytes: Uint8Array): unknown {
  const reader = new OwningDeserializer(bytes);
  reader.readHeader();
  return reader.readValue();
}

function readText(kind: BodyKind, text: string): unknown {
  if (kind === WRITTEN) return JSON.parse(text);
  if (kind === TEXT) return text;
  throw new TypeError(`a text as a body of kind ${String(kind)}`);
}

const isLarge = (body: unknown): body is Beside =>
  typeof body === 'string' ? body.length >= BESIDE_BYTES : body instanceof Uint8Array && body.byteLength >= BESIDE_BYTES;

const bodyOf = (frame: AnyFrame): unknown => frame[frame.length - 1];
const buffersOf = (bodies: readonly Beside[]): ArrayBuffer[] =>
  bodies.flatMap((body) => (typeof body === 'string' ? [] : [body.buffer as ArrayBuffer]));

function areHeavy(frames: readonly AnyFrame[]): boolean {
  for (const frame of frames) if (isLarge(bodyOf(frame))) return true;
  return false;
}

/** The frame, with its large body moved beside it. */
function lightened(frame: AnyFrame, beside: Beside[]): AnyFrame {
  const body = bodyOf(frame);
  return isLarge(body) ? ([...frame.slice(0, -1), beside.push(body) - 1] as unknown as AnyFrame) : frame;
}

const isPacked = (envelope: Envelope): envelope is Uint8Array | readonly [Uint8Array, ...Beside[]] =>
  envelope instanceof Uint8Array || envelope[0] instanceof Uint8Array;

/** Checks all frames before it gives the first. */
function deal<Frame extends AnyFrame>(frames: unknown, each: (frame: Frame) => void): void {
  if (!Array.isArray(frames)) throw new TypeError('an envelope that is no list of frames');
  for (const frame of frames as unknown[]) {
    if (!Array.isArray(frame) || typeof frame[0] !== 'number') throw new TypeError('an envelope holds something that is not a frame');
  }
  for (const frame of frames as Frame[]) each(frame);
}

/** The packer and unpacker of one life of one link. */
export class Wire {
  // Records off: every message stands on its own. `moreTypes`: typed arrays keep their type. Options are written out for each packer,
  // since two made from one options object share state.
  readonly #frames = new Packr({ useRecords: false });
  readonly #writer = new ColumnWriter();
  readonly #reader = new ColumnReader();
  readonly #bodies = new Packr({ useRecords: false, moreTypes: true, copyBuffers: true, variableMapSize: true });
  /** The envelope whose frames are being read: most bodies are views on it. */
  #source: Buffer | null = null;

  /** Makes an envelope for frames that go together. The last element of a frame may be its body. Returns what to post and what to transfer. */
  pack(frames: readonly AnyFrame[], transfer: boolean): { envelope: Envelope; transferList: ArrayBuffer[] } {
    const isHeavy = areHeavy(frames);
    if (frames.length < PACKED_FROM)
      return { envelope: frames, transferList: isHeavy && transfer ? buffersOf(frames.map(bodyOf).filter(isLarge)) : [] };
    const beside: Beside[] = [];
    const light = isHeavy ? frames.map((frame) => lightened(frame, beside)) : frames;
    const packed = exact(this.#frames.pack(this.#writer.write(light)));
    return {
      envelope: beside.length === 0 ? packed : [packed, ...beside],
      transferList: buffersOf(transfer ? [packed, ...beside] : [packed]),
    };
  }

  /** Gives the frames of an envelope one by one; packed bodies are views on it. @throws if the envelope is not ours, which ends the life of the link. */
  read<Frame extends AnyFrame>(envelope: Envelope, each: (frame: Frame) => void): void {
    if (!isPacked(envelope)) return deal(envelope, each);
    const [packed, ...beside] = envelope instanceof Uint8Array ? [envelope] : envelope;
    const source = bufferOn(packed);
    const frames = this.#reader.read(this.#frames.unpack(source));
    // A body is the last element of its frame, after its kind; a number there is an index, unless it is the value itself.
    for (const frame of beside.length > 0 ? frames : []) {
      const last = frame.length - 1;
      if (last > 3 && typeof frame[last] === 'number' && frame[last - 1] !== READ) frame[last] = beside[frame[last]];
    }
    this.#source = source;
    try {
      deal(frames, each);
    } finally {
      // An idle link holds no envelope.
      this.#source = null;
    }
  }

  /** The bytes of a value that passed the guard. */
  readonly packValue = (value: unknown): Uint8Array => exact(this.#bodies.pack(value));

  /** The value of a body. It owns all its bytes: it is never a view on an envelope that holds others' values too. */
  unpackBody(kind: BodyKind | typeof READ, data: unknown): unknown {
    if (kind === READ) return data;
    if (typeof data === 'string') return readText(kind, data);
    // A number would be as many bytes.
    if (!ArrayBuffer.isView(data)) throw new TypeError('a body that is neither text nor bytes');
    const bytes = data as Uint8Array;
    switch (kind) {
      case PACKED:
        return this.#unpackPlain(bytes);
      case BYTES:
        return new Uint8Array(bytes);
      case BUFFER:
        return Buffer.from(exact(bytes).buffer);
      case CLONED:
        return readCloned(bytes);
      default:
        throw new TypeError(`a body of unknown kind ${String(kind)}`);
    }
  }

  /** Read in place, in its envelope: as a source of its own each body would cost a view and an allocation (a number 260 ns, not 113). */
  #unpackPlain(bytes: Uint8Array): unknown {
    const source = this.#source;
    // As a Buffer: the packing library returns nested bytes in the type of its input.
    if (source === null || bytes.buffer !== source.buffer) return this.#bodies.unpack(bufferOn(bytes));
    const start = bytes.byteOffset - source.byteOffset;
    return this.#bodies.unpack(source, { start, end: start + bytes.byteLength });
  }
}
