// What is shown: as plain lines where there is no terminal, and as a screen of constant size where there is one.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { stripVTControlCharacters, styleText } from 'node:util';
import { displayOn, plainLine } from '../../demo/display.js';
import type { ArmFrame, Frame } from '../../demo/frame.js';
import { type Paint, unpainted } from '../../demo/paint.js';
import { screenHeight, screenLines } from '../../demo/screen.js';

const plain: ArmFrame = {
  name: 'plain',
  about: '3 tries, then fallback',
  calls: 2_311,
  perSecond: 301,
  p99Ms: 2_913.4,
  failed: 2,
  dollars: 1.919,
  waiting: 411,
  airborne: 411,
  rhythm: [1, 2, 3, 4, 5, 6, 7, 8],
};
const coalescer: ArmFrame = {
  ...plain,
  name: 'coalescer',
  about: '2 worker threads',
  calls: 1_405,
  failed: 0,
  dollars: 1.02,
  airborne: 233,
};
const frame: Frame = {
  title: 'traffic',
  elapsedMs: 7_400,
  durationMs: 14_000,
  arms: [plain, coalescer],
  providers: [
    { name: 'primary', isUp: false },
    { name: 'backup', isUp: true },
  ],
  incidents: [{ atMs: 4_700, good: false, text: 'primary provider killed' }],
};

/** A stream that is no terminal, or says it is one. */
function paper(terminal: { readonly columns?: number; readonly rows?: number } | null): { stream: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const shape = terminal === null ? {} : { isTTY: true, hasColors: () => true, columns: 100, rows: 40, ...terminal };
  return { stream: Object.assign(stream, shape) as unknown as NodeJS.WriteStream, text: () => text };
}

test('a frame in one line', () => {
  assert.equal(
    plainLine(frame),
    '  7.4 s  53 %  plain: 2,311 calls, 301/s, p99 2,913 ms, 2 failed, $1.92, 411 in the air' +
      ' | coalescer: 1,405 calls, 301/s, p99 2,913 ms, 0 failed, $1.02, 411 in the air',
  );
});

test('without a terminal: the title once, each incident once, a line a second, no control characters', () => {
  const { stream, text } = paper(null);
  const display = displayOn(stream);
  display.show(frame);
  display.show({ ...frame, incidents: [...frame.incidents, { atMs: 7_000, good: true, text: 'primary provider is back' }] });
  display.close();
  assert.equal(display.everyMs, 1_000);
  const line = plainLine(frame);
  assert.deepEqual(text().split('\n'), [
    'traffic',
    '  4.7 s  primary provider killed',
    line,
    '  7.0 s  primary provider is back',
    line,
    '',
  ]);
});

test('on a terminal: each frame is painted over the one before, and the cursor comes back', () => {
  const { stream, text } = paper({});
  const display = displayOn(stream);
  display.show(frame);
  display.show(frame);
  display.close();
  display.close();
  assert.equal(display.everyMs, 100);
  assert.equal(text().split(`\x1b[${screenHeight}A\r`).length, 2);
  assert.ok(text().startsWith('\x1b[?25l') && text().endsWith('\x1b[?25h'));
});

test('a terminal that is too small gets lines', () => {
  for (const size of [{ columns: 59 }, { rows: screenHeight }]) assert.equal(displayOn(paper(size).stream).everyMs, 1_000);
});

test('the screen fits its width, painted or not, and has the same height whatever happened', () => {
  const painted: Paint = (text, ...styles) => styles.reduce((inner, style) => styleText(style, inner), text);
  const incidents = Array.from({ length: 9 }, (_, index) => ({
    atMs: 2_000 * index,
    good: index % 2 === 0,
    text: 'something long '.repeat(9),
  }));
  const long: Frame = { ...frame, title: 'many words '.repeat(30), elapsedMs: 15_000, incidents };
  for (const width of [60, 80, 100, 200]) {
    for (const shown of [frame, long, { ...frame, elapsedMs: 0, incidents: [] }]) {
      const lines = screenLines(shown, { width, paint: painted });
      assert.equal(lines.length, screenHeight);
      for (const line of lines) assert.ok(stripVTControlCharacters(line).length <= width, `${width}: ${line}`);
      assert.deepEqual(lines.map(stripVTControlCharacters), screenLines(shown, { width, paint: unpainted }));
    }
  }
});

test('the screen shows both arms side by side, the longer bar for the dearer one', () => {
  const lines = screenLines(frame, { width: 100, paint: unpainted });
  const calls = lines.findIndex((line) => line.includes('upstream calls'));
  assert.match(lines[calls] ?? '', /2,311 +1,405/);
  assert.match(lines[calls + 1] ?? '', /^ {20}█{37} +█{22,23}/);
  assert.ok(lines.some((line) => line.includes('✖ primary down')));
});
