// When frames are sent: at the end of the tick, or as soon as enough of them wait, which are more where many are in the air.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatheredOf, Outbox } from '../../workers/outbox.js';
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

test('frames of a tick go together at its end, or 24 at once', () => {
  const { seam, sizes, push } = openOutbox();
  push(54);
  assert.deepEqual(sizes, [24, 24]);
  seam.advance(0);
  assert.deepEqual(sizes, [24, 24, 6]);
  push(3);
  assert.deepEqual(sizes.length, 3);
  seam.advance(0);
  assert.deepEqual(sizes, [24, 24, 6, 3]);
});

for (const { gathered, size } of [
  { gathered: 0, size: 24 },
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

for (const { inAir, sizes } of [
  { inAir: 24, sizes: [24] },
  { inAir: 64, sizes: [24, 24, 16] },
  { inAir: 256, sizes: [24, 24, 47, 48, 48, 48, 17] },
  { inAir: 600, sizes: [24, 24, 47, 48, 48, 48, 48, 48, 48, 54, 62, 71, 30] },
])
  test(`${inAir} that are launched in one turn go in envelopes of ${sizes.join(', ')} frames`, () => {
    const opened = openOutbox();
    for (let count = 1; count <= inAir; count++) {
      opened.outbox.gather(gatheredOf(count));
      opened.push(1);
    }
    opened.seam.advance(0);
    assert.deepEqual(opened.sizes, sizes);
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
