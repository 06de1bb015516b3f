// When frames are sent: at the end of the tick, or as soon as enough of them wait, which are more where many are in the air.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../workers/outbox.js';
import { ABANDON, type FrontFrame } from '../../workers/protocol.js';
import { Wire } from '../../workers/wire.js';
import { manualSeam } from './manual-seam.js';

function openOutbox() {
  const seam = manualSeam();
  const sizes: number[] = [];
  const post = (envelope: Parameters<Wire['read']>[0]): void => {
    let size = 0;
    new Wire().read(envelope, () => void size++);
    sizes.push(size);
  };
  const outbox = new Outbox<FrontFrame>({ seam, wire: new Wire(), post, transfersBodies: false });
  const push = (count: number): void => {
    for (let slot = 0; slot < count; slot++) outbox.push([ABANDON, slot, 1]);
  };
  return { seam, sizes, outbox, push };
}

test('frames of a tick go together at its end, or 32 at once', () => {
  const { seam, sizes, push } = openOutbox();
  push(70);
  assert.deepEqual(sizes, [32, 32]);
  seam.advance(0);
  assert.deepEqual(sizes, [32, 32, 6]);
  push(3);
  assert.deepEqual(sizes.length, 3);
  seam.advance(0);
  assert.deepEqual(sizes, [32, 32, 6, 3]);
});

for (const { gathered, size } of [
  { gathered: 0, size: 32 },
  { gathered: 50, size: 50 },
  { gathered: 4_000, size: 128 },
])
  test(`where ${gathered} may go together, ${size} do`, () => {
    const { sizes, outbox, push } = openOutbox();
    outbox.gather(gathered);
    push(300);
    assert.deepEqual(
      sizes,
      Array.from({ length: Math.floor(300 / size) }, () => size),
    );
  });

test('a frame that is alone is sent at once, and one behind others with them', () => {
  const { seam, sizes, outbox, push } = openOutbox();
  outbox.send([ABANDON, 0, 1]);
  assert.deepEqual(sizes, [1]);
  push(1);
  outbox.send([ABANDON, 1, 1]);
  seam.advance(0);
  assert.deepEqual(sizes, [1, 2]);
});

test('a closed outbox sends nothing more', () => {
  const { seam, sizes, outbox, push } = openOutbox();
  push(1);
  outbox.close();
  push(40);
  seam.advance(0);
  assert.deepEqual(sizes, []);
});
