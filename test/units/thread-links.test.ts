// Those that must be told apart fly one by one: however one of them ends, the next one is launched.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packBody } from '../../workers/body.js';
import { promisesSettled } from '../../workers/environment.js';
import { TABLE_HASH } from '../../workers/flight-steps.js';
import { HealthMemory } from '../../workers/health-memory.js';
import { FULFILLED, type LaunchFrame, READ, type ShardFrame } from '../../workers/protocol.js';
import { SharedMemory } from '../../workers/shared-memory.js';
import { Wire } from '../../workers/wire.js';
import type { Flight } from '../../src/flight.js';
import type { HostLife, Hosts, LifeReceiver } from '../../src/hosts.js';
import type { LinkReceiver } from '../../src/links.js';
import type { FilledOptions } from '../../src/options.js';
import { ThreadLinks } from '../../src/thread-links.js';
import { flightOf } from './flights.js';
import { manualSeam } from './manual-seam.js';

interface Life {
  readonly receiver: LifeReceiver;
  readonly memory: SharedMemory;
  readonly launched: number[];
}

function lifeOf({ memory, launched }: Life): HostLife {
  const life: Partial<HostLife> = {
    memory,
    post: (envelope) => new Wire().read<LaunchFrame>(envelope, (frame) => launched.push(frame[2])),
    hold: () => undefined,
    activate: async () => ({ targetNames: ['only'], mayBeForOne: false, tableHash: TABLE_HASH }),
  };
  return life as HostLife;
}

async function launchedAlone(count: number) {
  const seam = manualSeam();
  const lives: Life[] = [];
  const hosts: Partial<Hosts> = {
    makeWire: () => new Wire(),
    open: async (receiver) => {
      const life = { receiver, memory: SharedMemory.ofSlots(10), launched: [] };
      lives.push(life);
      return lifeOf(life);
    },
  };
  const ends: unknown[] = [];
  const receiver = {
    fulfilled: ({ number }: Flight) => void ends.push([number, 'value']),
    failed: ({ number }: Flight, _: unknown, failure: string) => void ends.push([number, failure]),
    attempted: () => undefined,
    thread: () => undefined,
  } as unknown as LinkReceiver;
  const links = new ThreadLinks({
    seam,
    receiver,
    options: {
      streams: { midStream: 'fail' },
      relaunchesMax: 3,
      breaker: null,
      budget: null,
      hedge: null,
      steering: 'priority',
      probeShare: 0,
    } as FilledOptions,
    healthMemory: HealthMemory.ofTargets(),
    threads: { threads: 1, spare: false, heartbeatMs: 1_000 },
    openHosts: async () => hosts as Hosts,
  });
  await promisesSettled();
  const flights = Array.from({ length: count }, () => {
    const flight = flightOf();
    flight.pack(packBody('payload', null), null);
    flight.ownPassage().suspicion = 'alone';
    links.launch(flight);
    return flight;
  });
  await promisesSettled();
  return { lives, flights, ends };
}

test('when one has its value, the next one flies on the same thread', async () => {
  const { lives, flights, ends } = await launchedAlone(2);
  const [one, other] = flights.map(({ number }) => number);
  const { receiver, launched } = lives.at(-1)!;
  assert.deepEqual(launched, [one]);
  const frame: ShardFrame = [FULFILLED, 0, one!, [0, 1, 0, 0, 0, null], READ, 'value'];
  receiver.envelope(new Wire().pack([frame], false).envelope);
  assert.deepEqual([launched, ends], [[one, other], [[one, 'value']]]);
});

test('when one has killed its thread, and is stopped for it, the next one flies on another', async () => {
  const { lives, flights, ends } = await launchedAlone(2);
  const [one, other] = flights.map(({ number }) => number);
  const { receiver, memory } = lives.at(-1)!;
  memory.enterLedger(0, { attemptsMade: 1, targetsTried: 1, target: 0, hedge: null });
  receiver.closed();
  await promisesSettled();
  assert.deepEqual([lives.at(-1)!.launched, ends], [[other], [[one, 'poisoned']]]);
});
