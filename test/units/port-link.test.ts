// One life of a shard as its front sees it: when it is ended, that it ends once, and that nothing is believed or sent when it is over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packBody } from '../../workers/body.js';
import { BYTES, CHUNK, FULFILLED, type FulfilledFrame, LAUNCH, type LaunchFrame, READ, type ShardFrame } from '../../workers/protocol.js';
import { SharedMemory } from '../../workers/shared-memory.js';
import { type Envelope, Wire } from '../../workers/wire.js';
import type { Flight } from '../../src/flight.js';
import type { HostLife, Hosts } from '../../src/hosts.js';
import type { LinkReceiver } from '../../src/links.js';
import { PortLink } from '../../src/port-link.js';
import type { Stream } from '../../src/stream.js';
import { flightOf } from './flights.js';
import { manualSeam } from './manual-seam.js';

const LOOKS = 10;

async function openLink({ isResuming = false, terminate = async (): Promise<void> => undefined } = {}) {
  const seam = manualSeam();
  const memory = SharedMemory.ofSlots(10);
  const heard: unknown[] = [];
  const lost: [numbers: number[], why: string][] = [];
  const launches: LaunchFrame[] = [];
  let terminations = 0;
  const life: Partial<HostLife> = {
    memory,
    post: (envelope) => new Wire().read<LaunchFrame>(envelope, (frame) => launches.push(frame)),
    hold: () => undefined,
    stop: async () => undefined,
    terminate: () => (terminations++, terminate()),
  };
  const hosts = { makeWire: () => new Wire(), open: async () => life } as Partial<Hosts> as Hosts;
  const receiver = {
    fulfilled: (_: Flight, __: unknown, value: unknown) => void heard.push(value),
    streaming: { chunk: (_: Flight, chunk: unknown) => void heard.push(chunk) },
  } as unknown as LinkReceiver;
  const owner = {
    landed: () => undefined,
    lost: (_: PortLink, flights: readonly Flight[], why: string) => void lost.push([flights.map(({ number }) => number), why]),
  };
  const link = new PortLink({ seam, hosts, receiver, owner, isResuming });
  await link.open();
  link.targetNames = ['primary'];
  const launch = (): Flight => {
    const flight = flightOf();
    flight.pack(packBody('payload', null), null);
    link.launch(flight);
    return flight;
  };
  const send = (...frames: ShardFrame[]): void => link.envelope(new Wire().pack(frames, false).envelope);
  return { seam, memory, link, launch, send, launches, heard, lost, terminations: () => terminations };
}

const fulfilled = ({ slot, number }: Pick<Flight, 'slot' | 'number'>, value: unknown): FulfilledFrame => [
  FULFILLED,
  slot,
  number,
  [0, 1, 0, 0, 0, null],
  READ,
  value,
];

const UNREADABLE: Readonly<Record<string, (flight: Flight) => Envelope>> = {
  'is no list of frames': () => [7] as unknown as Envelope,
  'tells of a flight that was in this slot before': ({ slot, number }) => [fulfilled({ slot, number: number - 1 }, 'stale')],
  'says what nobody knows': ({ slot, number }) => [[99, slot, number]] as unknown as Envelope,
  'is nothing': () => null as unknown as Envelope,
  'tells of no flight': () => [[FULFILLED, 'constructor', undefined, [0, 1, 0, 0, 0, null], READ, 'value']] as unknown as Envelope,
  'gives a chunk that has no size': ({ slot, number }) => [[CHUNK, slot, number, READ, { byteLength: -1 }]] as unknown as Envelope,
  'gives a size for a body': ({ slot, number }) => [[FULFILLED, slot, number, [0, 1, 0, 0, 0, null], BYTES, 64]] as unknown as Envelope,
};
for (const [what, envelopeOf] of Object.entries(UNREADABLE)) {
  test(`one whose envelope ${what} is ended, and nothing that comes behind is believed`, async () => {
    const { link, launch, send, heard, lost, terminations } = await openLink();
    const flight = launch();
    link.envelope(envelopeOf(flight));
    assert.deepEqual([terminations(), lost], [1, []]);
    send(fulfilled(flight, 'value'));
    link.envelope(envelopeOf(flight));
    assert.deepEqual([terminations(), heard], [1, []]);
    // Whoever is still sent there before it is over is lost with the rest, and goes on elsewhere.
    const late = launch();
    link.closed();
    assert.deepEqual([lost.length, lost[0]?.[0]], [1, [flight.number, late.number]]);
    assert.match(lost[0]?.[1] ?? '', /could not be read/);
  });
}

test('one whose heart stands still while it has work is ended, once, however long it takes to die; without work it may rest', async () => {
  const { memory, link, launch, lost, terminations } = await openLink();
  for (let look = 0; look < 5 * LOOKS; look++) link.look(LOOKS);
  const flight = launch();
  for (let look = 0; look < LOOKS - 1; look++) link.look(LOOKS);
  memory.beat();
  for (let look = 0; look < LOOKS; look++) link.look(LOOKS);
  assert.equal(terminations(), 0);
  link.look(LOOKS);
  assert.equal(terminations(), 1);
  for (let look = 0; look < 5 * LOOKS; look++) link.look(LOOKS);
  link.end('for another reason');
  link.closed();
  assert.deepEqual([terminations(), lost], [1, [[[flight.number], 'the thread hung']]]);
});

test('one that cannot be ended is lost all the same, and says why', async () => {
  const { link, launch, lost } = await openLink({ terminate: () => Promise.reject(new Error('no such thread')) });
  const flight = launch();
  link.end('the thread hung');
  await new Promise(setImmediate);
  assert.deepEqual([link.isLost, lost], [true, [[[flight.number], 'the thread hung; Error: no such thread']]]);
  link.closed();
  assert.equal(lost.length, 1, 'once');
});

test('to one that is over nothing is sent, and its end is told once', async () => {
  const { seam, link, launch, launches, lost } = await openLink();
  const flights = [launch(), launch(), launch()];
  assert.equal(launches.length, 1, 'the others wait for the end of the tick');
  link.closed();
  seam.advance(0);
  link.closed();
  assert.deepEqual([launches.length, lost], [1, [[flights.map(({ number }) => number), 'the thread died']]]);
});

test('one that is closed in order has retired: its end is no loss', async () => {
  const { link, lost, terminations } = await openLink();
  await link.close();
  link.closed();
  assert.deepEqual([link.isRetired, terminations(), lost], [true, 1, [[[], 'closed']]]);
});

test('chunks for nobody are dropped as they come', async () => {
  const { launch, send, heard } = await openLink();
  const [flight, other] = [launch(), launch()];
  flight.status = 'abandoned';
  const { kind, data } = packBody('chunk', null);
  for (const { slot, number } of [flight, other]) send([CHUNK, slot, number, kind, data]);
  assert.deepEqual(heard, ['chunk']);
});

test('a flight whose chunks can cross no more, since a reader has written to one, goes on without them', async () => {
  const { link, launches } = await openLink({ isResuming: true });
  const flight = flightOf();
  flight.pack(packBody('payload', null), null);
  const chunk: Record<string, unknown> = {};
  flight.stream = { log: { length: 1 }, delivered: [chunk] } as unknown as Stream;
  chunk['mine'] = () => 'a function';
  link.launch(flight);
  const [op, , , , , , extras] = launches[0]!;
  assert.deepEqual([op, extras?.[5], extras?.[6]], [LAUNCH, 1, null]);
});
