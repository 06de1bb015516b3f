// Where the frames of a run go: painted over each other on a terminal, or as plain lines once a second where there is none. Leaves the
// terminal as it was, however the process ends.

import type { Frame } from './frame.js';
import { painter } from './paint.js';
import { screenHeight, screenLines, screenWidthMin } from './screen.js';
import { count, dollars, milliseconds, percent, seconds } from './words.js';

export interface Display {
  /** Time between two frames. */
  readonly everyMs: number;
  show(frame: Frame): void;
  /** After the last frame. Idempotent. */
  close(): void;
}

export function displayOn(stream: NodeJS.WriteStream): Display {
  const roomy = stream.isTTY && stream.columns >= screenWidthMin && stream.rows > screenHeight && process.env['TERM'] !== 'dumb';
  return roomy ? new Screen(stream) : new Lines(stream);
}

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const eraseLineRest = '\x1b[K';
const eraseBelow = '\x1b[J';

class Screen implements Display {
  readonly everyMs = 100;
  readonly #stream: NodeJS.WriteStream;
  #isPainted = false;
  #closed = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // Also after Ctrl+C and after a crash: writing to a terminal is synchronous.
    process.on('exit', this.close);
    stream.write(hideCursor);
  }

  show(frame: Frame): void {
    if (this.#closed) return;
    const lines = screenLines(frame, { width: Math.max(screenWidthMin, this.#stream.columns), paint: painter(this.#stream) });
    const home = this.#isPainted ? `\x1b[${screenHeight}A\r` : '';
    this.#stream.write(`${home}${lines.map((line) => `${line}${eraseLineRest}\n`).join('')}${eraseBelow}`);
    this.#isPainted = true;
  }

  readonly close = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    process.off('exit', this.close);
    this.#stream.write(showCursor);
  };
}

class Lines implements Display {
  readonly everyMs = 1_000;
  readonly #stream: NodeJS.WriteStream;
  #incidentsTold = 0;
  #titleTold = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(frame: Frame): void {
    if (!this.#titleTold) this.#stream.write(`${frame.title}\n`);
    this.#titleTold = true;
    for (const { atMs, text } of frame.incidents.slice(this.#incidentsTold)) this.#stream.write(`${seconds(atMs).padStart(7)}  ${text}\n`);
    this.#incidentsTold = frame.incidents.length;
    this.#stream.write(`${plainLine(frame)}\n`);
  }

  close(): void {
    // Nothing was changed that could be put back.
  }
}

/** One frame in one line. */
export function plainLine(frame: Frame): string {
  const share = percent(Math.min(1, frame.elapsedMs / frame.durationMs));
  const arms = frame.arms.map(
    (arm) =>
      `${arm.name}: ${count(arm.calls)} calls, ${count(arm.perSecond)}/s, p99 ${milliseconds(arm.p99Ms)}, ${count(arm.failed)} failed, ` +
      `${dollars(arm.dollars)}, ${count(arm.waiting)} in the air`,
  );
  return `${seconds(frame.elapsedMs).padStart(7)} ${share.padStart(5)}  ${arms.join(' | ')}`;
}
