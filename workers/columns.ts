/**
 * Frames as columns: all numbers of an envelope in one list, its short texts in one text, the short JSON of payloads and values in one list, and the rest
 * one by one. So most frames are packed in a third of the time, and read in two thirds (32 launches: 355 to 116 ns each and 150 to 92; 32 ends: 375 to 129
 * and 152 to 97): a packer checks the type of each part, which is known here. JSON parsed in one piece takes two thirds of the time, too (32 records of two
 * fields: 189 to 110 ns each; 256 in the air: saves 0.11 of the main thread's 1.92 µs a flight, and 0.18 of the worker's 1.61).
 */
import { isJsonKey } from './canonical.js';
import {
  type AnyFrame, type BodyKind, CHUNK, type ChunkFrame, FULFILLED, type FulfilledFrame, KEYED, LAUNCH, type LaunchFrame, READ, WRITTEN,
} from './protocol.js'; // biome-ignore format: one import
import { beginsWithBom, own } from './text.js';

/** The columns of one envelope, to be packed. */
export type Columns = [numbers: Uint8Array, texts: string, json: string, ...rest: unknown[]];

/** In place of an operation: the whole frame is in the rest. */
const WHOLE = -1;
/** Where to find a part that may be a text: 0 and more is the length of the next text. */
const NULL = -1;
const FALSE = -2;
const AS_BEFORE = -3;
const IN_REST = -4;
const IN_JSON = -5;

/** Longer texts go to the rest: a slice holds the whole text until it is parsed or copied. */
const SHORT_MAX = 128;
/** Longer JSON is parsed on its own: the call is cheap beside it, and long lists are slower (with texts of 8,000 characters by a third). */
const JSON_MAX = 512;
/** At most so many numbers per frame. */
const FRAME_NUMBERS = 11;
/** At most so many frames go together. The list grows for an envelope that has more. */
const FRAMES = 128;

/** Writes the columns of one envelope after the other. */
export class ColumnWriter {
  #numbers = new Float64Array(FRAMES * FRAME_NUMBERS);
  #at = 0;
  #texts: string[] = [];
  #json: string[] = [];
  #rest: unknown[] = [];
  #scope: string | null = null;

  /** Must be packed before the next call: the numbers are a view. */
  write(frames: readonly AnyFrame[]): Columns {
    if (this.#numbers.length < frames.length * FRAME_NUMBERS) this.#numbers = new Float64Array(frames.length * FRAME_NUMBERS);
    const columns: Columns = [NO_NUMBERS, '', ''];
    this.#at = 0;
    this.#texts = [TEXTS_BEGIN];
    this.#json = [];
    this.#rest = columns;
    this.#scope = null;
    for (const frame of frames) this.#add(frame);
    columns[0] = new Uint8Array(this.#numbers.buffer, 0, this.#at * Float64Array.BYTES_PER_ELEMENT);
    columns[1] = this.#texts.join('');
    columns[2] = `[${this.#json.join()}]`;
    // Drops what was sent.
    this.#texts = this.#json = this.#rest = NOTHING;
    return columns;
  }

  #add(frame: AnyFrame): void {
    if (frame[0] === LAUNCH) this.#launch(frame);
    else if (frame[0] === FULFILLED) this.#fulfilled(frame);
    else if (frame[0] === CHUNK) this.#chunk(frame);
    else {
      this.#numbers[this.#at++] = WHOLE;
      this.#rest.push(frame);
    }
  }

  // By index: destructuring would iterate over the frame.
  #launch(frame: LaunchFrame): void {
    const scope = frame[3];
    this.#header(frame, frame[7]);
    this.#numbers[this.#at++] = frame[5];
    this.#numbers[this.#at++] = this.#placeOf(frame[6]);
    this.#numbers[this.#at++] = scope === this.#scope ? AS_BEFORE : this.#placeOf(scope);
    this.#scope = scope;
    this.#numbers[this.#at++] = this.#placeOf(frame[4]);
    this.#numbers[this.#at++] = this.#placeOfBody(frame[7], frame[8]);
  }

  #fulfilled(frame: FulfilledFrame): void {
    const attempt = frame[3];
    this.#header(frame, frame[4]);
    this.#numbers[this.#at++] = attempt[0];
    this.#numbers[this.#at++] = attempt[1];
    this.#numbers[this.#at++] = attempt[2];
    this.#numbers[this.#at++] = attempt[3];
    this.#numbers[this.#at++] = attempt[4];
    this.#numbers[this.#at++] = this.#placeOf(attempt[5]);
    this.#numbers[this.#at++] = this.#placeOfBody(frame[4], frame[5]);
  }

  #chunk(frame: ChunkFrame): void {
    this.#header(frame, frame[3]);
    this.#numbers[this.#at++] = this.#placeOf(frame[4]);
  }

  #header(frame: AnyFrame, kind: number): void {
    this.#numbers[this.#at++] = frame[0];
    this.#numbers[this.#at++] = frame[1];
    this.#numbers[this.#at++] = frame[2];
    this.#numbers[this.#at++] = kind;
  }

  #placeOfBody(kind: BodyKind | typeof READ, body: unknown): number {
    const isJson = typeof body === 'string' && body.length <= JSON_MAX && (kind === WRITTEN || (kind === KEYED && isJsonKey(body)));
    if (!isJson) return this.#placeOf(body);
    this.#json.push(body);
    return IN_JSON;
  }

  #placeOf(part: unknown): number {
    if (part === null) return NULL;
    if (part === false) return FALSE;
    if (typeof part !== 'string' || (part.length > SHORT_MAX && !beginsWithBom(part))) {
      this.#rest.push(part);
      return IN_REST;
    }
    this.#texts.push(part);
    return part.length;
  }
}
const NO_NUMBERS = new Uint8Array();
/** A space first, so that the joined text never begins with a byte order mark. */
const TEXTS_BEGIN = ' ';
const NOTHING: never[] = [];
const NOTHING_READ = new Float64Array();

/** Reads the columns of one envelope after the other. */
export class ColumnReader {
  #numbers = NOTHING_READ;
  #texts = TEXTS_BEGIN;
  #values: readonly unknown[] = NOTHING;
  #columns: readonly unknown[] = NOTHING;
  #at = 0;
  #textAt = 0;
  #valueAt = 0;
  #restAt = 0;
  #scope: unknown = null;

  /** The frames that were packed; bodies that were read already have the kind `READ`. @throws TypeError or SyntaxError if the envelope is not ours */
  read(message: unknown): unknown[][] {
    const [numbers, texts, json] = Array.isArray(message) ? (message as unknown[]) : [];
    const areNumbers = numbers instanceof Uint8Array && numbers.length % Float64Array.BYTES_PER_ELEMENT === 0;
    if (!areNumbers || typeof texts !== 'string' || typeof json !== 'string') throw new TypeError('an envelope that holds no columns');
    // A copy, since the bytes may be unaligned for numbers.
    this.#numbers = new Float64Array(new Uint8Array(numbers).buffer);
    this.#texts = texts;
    this.#columns = message as unknown[];
    this.#at = 0;
    this.#textAt = TEXTS_BEGIN.length;
    this.#valueAt = 0;
    this.#restAt = 3;
    this.#scope = null;
    try {
      this.#values = listOf(json);
      return this.#frames();
    } finally {
      // Drops what came.
      this.#numbers = NOTHING_READ;
      this.#texts = TEXTS_BEGIN;
      this.#values = this.#columns = NOTHING;
      this.#scope = null;
    }
  }

  #frames(): unknown[][] {
    const numbers = this.#numbers;
    const frames: unknown[][] = [];
    while (this.#at < numbers.length) frames.push(this.#next());
    // If a number was missing, `textAt` is `NaN`.
    const isAllRead = this.#textAt === this.#texts.length && this.#valueAt === this.#values.length && this.#restAt === this.#columns.length;
    if (!isAllRead) throw new TypeError('an envelope whose columns do not fit');
    return frames;
  }

  #next(): unknown[] {
    const numbers = this.#numbers;
    const at = this.#at;
    const op = numbers[at];
    switch (op) {
      case LAUNCH: {
        this.#at += 9;
        const extras = this.#part(numbers[at + 5]);
        const place = numbers[at + 6];
        // Targets may keep these, so they must be no slices of others' texts.
        if (place !== AS_BEFORE) this.#scope = owned(this.#part(place));
        const key = owned(this.#part(numbers[at + 7]));
        const isRead = numbers[at + 8] === IN_JSON;
        const body = isRead ? this.#values[this.#valueAt++] : this.#part(numbers[at + 8]);
        return [op, numbers[at + 1], numbers[at + 2], this.#scope, key, numbers[at + 4], extras, isRead ? READ : numbers[at + 3], body];
      }
      case FULFILLED: {
        this.#at += 11;
        const details = this.#part(numbers[at + 9]);
        const attempt = [numbers[at + 4], numbers[at + 5], numbers[at + 6], numbers[at + 7], numbers[at + 8], details];
        const isRead = numbers[at + 10] === IN_JSON;
        const body = isRead ? this.#values[this.#valueAt++] : this.#part(numbers[at + 10]);
        return [op, numbers[at + 1], numbers[at + 2], attempt, isRead ? READ : numbers[at + 3], body];
      }
      case CHUNK:
        this.#at += 5;
        return [op, numbers[at + 1], numbers[at + 2], numbers[at + 3], this.#part(numbers[at + 4])];
      case WHOLE:
        this.#at++;
        return this.#columns[this.#restAt++] as unknown[];
      default:
        throw new TypeError(`a frame in columns with unknown operation ${String(op)}`);
    }
  }

  #part(place: number | undefined): unknown {
    if (place === NULL) return null;
    if (place === FALSE) return false;
    if (place === IN_REST) return this.#columns[this.#restAt++];
    const from = this.#textAt;
    this.#textAt += place as number;
    return this.#texts.slice(from, this.#textAt);
  }
}

function listOf(json: string): readonly unknown[] {
  const values: unknown = JSON.parse(json);
  if (!Array.isArray(values)) throw new TypeError('an envelope whose JSON is no list');
  return values;
}

const owned = (part: unknown): unknown => (typeof part === 'string' ? own(part) : part);
