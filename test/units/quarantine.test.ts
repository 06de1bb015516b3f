// How long a quarantine is kept when nobody flies in it any more, and how it ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promisesSettled } from '../../workers/environment.js';
import type { PortLink } from '../../src/port-link.js';
import { Quarantine } from '../../src/quarantine.js';
import type { Roster } from '../../src/roster.js';
import { flightOf } from './flights.js';
import { manualSeam, type ManualSeam } from './manual-seam.js';

interface Stage {
  readonly seam: ManualSeam;
  readonly quarantine: Quarantine;
  /** Is its thread still there for those who come? */
  readonly isOpen: () => boolean;
  /** Timers that keep no process alive. */
  readonly released: unknown[];
  readonly closings: () => number;
  readonly landed: () => void;
}

/** One in which one flight flies. */
async function opened(): Promise<Stage> {
  const released: unknown[] = [];
  const seam: ManualSeam = { ...manualSeam(), release: (timer) => void released.push(timer) };
  let closings = 0;
  const thread = {
    isLost: false,
    residentCount: 0,
    launch: () => void thread.residentCount++,
    close: async () => void closings++,
  };
  const link = thread as Partial<PortLink> as PortLink;
  const roster = { take: async () => link } as Partial<Roster> as Roster;
  const quarantine = new Quarantine({ seam, roster, flightsMax: Infinity, failed: () => assert.fail('there is a thread') });
  quarantine.add(flightOf());
  await promisesSettled();
  assert.equal(thread.residentCount, 1);
  const landed = (): void => {
    thread.residentCount--;
    quarantine.pump();
  };
  return { seam, quarantine, isOpen: () => quarantine.isLink(link), released, closings: () => closings, landed };
}

test('an empty one is kept for ten seconds, by a timer that keeps no process, and is then closed in order', async () => {
  const { seam, isOpen, released, closings, landed } = await opened();
  landed();
  seam.advance(9_990);
  assert.deepEqual([closings(), isOpen(), released.length], [0, true, 1]);
  seam.advance(20);
  assert.deepEqual([closings(), isOpen(), seam.timers()], [1, false, 0]);
});

test('one in which somebody flies again by then stays, and is kept for another ten seconds from when that one has landed', async () => {
  const { seam, quarantine, isOpen, closings, landed } = await opened();
  landed();
  seam.advance(9_000);
  quarantine.add(flightOf());
  seam.advance(5_000);
  assert.deepEqual([closings(), isOpen()], [0, true]);
  landed();
  seam.advance(9_990);
  assert.deepEqual([closings(), isOpen()], [0, true]);
  seam.advance(20);
  assert.deepEqual([closings(), isOpen(), seam.timers()], [1, false, 0]);
});

test('one in which several fly is kept as long as one of them does', async () => {
  const { seam, quarantine, isOpen, closings, landed } = await opened();
  quarantine.add(flightOf());
  landed();
  seam.advance(60_000);
  assert.deepEqual([closings(), isOpen(), seam.timers()], [0, true, 0]);
  landed();
  seam.advance(10_010);
  assert.deepEqual([closings(), isOpen(), seam.timers()], [1, false, 0]);
});

test('where no thread can be had, who waits for one is told, and the next one that comes is tried anew', async () => {
  const failed: unknown[] = [];
  let takes = 0;
  const take = async (): Promise<never> => {
    takes++;
    throw new Error('no thread');
  };
  const quarantine = new Quarantine({
    seam: manualSeam(),
    roster: { take } as Partial<Roster> as Roster,
    flightsMax: Infinity,
    failed: (flights, error) => void failed.push([flights.length, (error as Error).message]),
  });
  quarantine.add(flightOf());
  quarantine.add(flightOf());
  await promisesSettled();
  quarantine.add(flightOf());
  await promisesSettled();
  assert.deepEqual(
    [takes, failed],
    [
      2,
      [
        [2, 'no thread'],
        [1, 'no thread'],
      ],
    ],
  );
});
