// Whose fault is the death of a thread? A table of cases, and a property: in any run of deaths that are caused by one flight, however many others
// were there, only that one is ever stopped as poisoned, and it kills no more than three threads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { judgeDeath, type Fate, type Resident } from '../../src/blame.js';

type Held = { -readonly [Name in keyof Resident['passage']]: Resident['passage'][Name] };
const newcomer = (): Held => ({ deathsBlamed: 0, lossesBegun: 0, suspicion: 'none' });
const resident = (flight: Partial<Held> = {}, isBegun = true, hasFlown = isBegun): Resident => ({
  passage: { ...newcomer(), ...flight },
  isBegun,
  hasFlown,
});
const told = ({ end, suspicion, deathsBlamed, lossesBegun }: Fate): string => `${end} ${suspicion} ${deathsBlamed} ${lossesBegun}`;

const cases: Readonly<Record<string, { residents: Resident[]; culprit?: number | 'gone'; quarantine?: boolean; fates: string[] }>> = {
  'nobody was there': { residents: [], fates: [] },
  'what had not begun is innocent': { residents: [resident({}, false), resident({}, false)], fates: ['relaunch none 0 0', 'relaunch none 0 0'] },
  'evidence names one that waits for its next attempt: what an earlier one left behind has thrown': { residents: [resident({}, false), resident(), resident()], culprit: 0, fates: ['relaunch alone 1 1', 'relaunch none 0 1', 'relaunch none 0 1'] },
  'named for the second time it is poisoned, whether or not an attempt of it was in the air': { residents: [resident({ deathsBlamed: 1, lossesBegun: 2, suspicion: 'suspect' }, false), resident()], culprit: 0, fates: ['poisoned suspect 3 3', 'relaunch none 0 1'] },
  'without evidence all that had begun are suspects': { residents: [resident(), resident(), resident({}, false)], fates: ['relaunch suspect 0 1', 'relaunch suspect 0 1', 'relaunch none 0 0'] },
  'the only one that had begun is named': { residents: [resident(), resident({}, false)], fates: ['relaunch alone 1 1', 'relaunch none 0 0'] },
  'the named one is blamed, the others are as innocent as before': { residents: [resident(), resident(), resident({ suspicion: 'suspect', lossesBegun: 1 })], culprit: 1, fates: ['relaunch none 0 1', 'relaunch alone 1 1', 'relaunch suspect 0 2'] },
  'named for the second time it is poisoned': { residents: [resident({ deathsBlamed: 1, lossesBegun: 1, suspicion: 'alone' }), resident()], culprit: 0, fates: ['poisoned alone 2 2', 'relaunch none 0 1'] },
  'suspects that die together in quarantine fly on one by one': { residents: [resident({ suspicion: 'suspect', lossesBegun: 1 }), resident({ suspicion: 'suspect', lossesBegun: 1 })], quarantine: true, fates: ['relaunch alone 0 2', 'relaunch alone 0 2'] },
  'one that dies alone where it flew alone is poisoned': { residents: [resident({ suspicion: 'alone', lossesBegun: 2 })], quarantine: true, fates: ['poisoned alone 3 3'] },
  'one that waits where it flew alone, and has flown there, has left behind what kills: it is poisoned': { residents: [resident({ suspicion: 'alone', lossesBegun: 2, deathsBlamed: 1 }, false, true)], quarantine: true, fates: ['poisoned alone 3 3'] },
  'one that has not flown where it is alone is innocent': { residents: [resident({ suspicion: 'alone', lossesBegun: 2 }, false)], quarantine: true, fates: ['relaunch alone 0 2'] },
  'suspects that wait in quarantine, and have flown there, are as suspect as one in the air, and have lost nothing': { residents: [resident({ suspicion: 'suspect', lossesBegun: 1 }, false, true), resident({ suspicion: 'suspect', lossesBegun: 1 })], quarantine: true, fates: ['relaunch alone 0 1', 'relaunch alone 0 2'] },
  'among others, one that waits and has flown is a suspect, and named by evidence only': { residents: [resident({}, false, true), resident({}, false)], fates: ['relaunch suspect 0 0', 'relaunch none 0 0'] },
  'one in the air is not named for being so alone, where another that has flown waits': { residents: [resident({}, false, true), resident()], fates: ['relaunch suspect 0 0', 'relaunch suspect 0 1'] },
  'a death by one that has settled is nobody else\'s': { residents: [resident(), resident({ deathsBlamed: 1, suspicion: 'alone', lossesBegun: 1 })], culprit: 'gone', fates: ['relaunch none 0 1', 'relaunch alone 1 2'] },
  'one that is left alone by one that has settled is not named in its stead': { residents: [resident({ suspicion: 'alone', lossesBegun: 1 })], culprit: 'gone', fates: ['relaunch alone 0 2'] },
  'one that only waits is not worn out, however many deaths it has been through': { residents: [resident({ lossesBegun: 4 }, false, true), resident({ lossesBegun: 3 })], culprit: 'gone', fates: ['relaunch none 0 4', 'worn-out none 0 4'] },
  'a bystander of too many deaths is worn out, not poisoned': { residents: [resident({ lossesBegun: 3 }), resident({ lossesBegun: 2 })], fates: ['worn-out suspect 0 4', 'relaunch suspect 0 3'] },
}; // biome-ignore format: a table

for (const [name, { residents, culprit, quarantine = false, fates }] of Object.entries(cases)) {
  test(name, () => {
    const named = culprit === undefined ? null : culprit === 'gone' ? culprit : (residents[culprit] as Resident);
    assert.deepEqual(judgeDeath(residents, named, quarantine, 3).map(told), fates);
  });
}

interface Life {
  readonly flights: Held[];
  readonly poison: Held;
  deaths: number;
  poisoned: Held | null;
}

/** A death of a thread with these on it; what is judged is written to the flights. */
function die(life: Life, aboard: readonly Held[], isAttributed: boolean, isQuarantine: boolean, begun: (flight: Held) => boolean): void {
  // What kills may have been left behind by an attempt that is over: then its flight waits.
  const residents = aboard.map((flight) => {
    const isBegun = begun(flight);
    return { passage: flight, isBegun, hasFlown: flight === life.poison || isBegun || begun(flight) };
  });
  const culprit = isAttributed ? (residents.find(({ passage }) => passage === life.poison) ?? null) : null;
  life.deaths++;
  for (const [index, fate] of judgeDeath(residents, culprit, isQuarantine, 3).entries()) {
    const flight = aboard[index] as Held;
    if (fate.end === 'poisoned') {
      assert.equal(flight, life.poison, 'a bystander is poisoned');
      life.poisoned = flight;
    }
    assert.notEqual(fate.end, 'worn-out', 'nobody is worn out by one poison');
    Object.assign(flight, { suspicion: fate.suspicion, deathsBlamed: fate.deathsBlamed, lossesBegun: fate.lossesBegun });
  }
}

/** The poison flies where the rules say until it is stopped: at first among all, then with the suspects, then alone. */
function flyToTheEnd(residents: number, attributed: (death: number) => boolean, begun: () => boolean): Life {
  const flights = Array.from({ length: residents }, newcomer);
  const life: Life = { flights, poison: flights[residents >> 1] as Held, deaths: 0, poisoned: null };
  while (life.poisoned === null) {
    assert.ok(life.deaths < 4, 'it kills for ever');
    const { suspicion } = life.poison;
    const aboard =
      suspicion === 'none' ? flights : suspicion === 'alone' ? [life.poison] : flights.filter((flight) => flight.suspicion === 'suspect');
    die(life, aboard, suspicion !== 'none' && attributed(life.deaths), suspicion !== 'none', begun);
  }
  return life;
}

test('one poison among 100 residents is stopped after at most three deaths and nobody else is', () => {
  for (const isAttributed of [true, false]) {
    const { deaths, flights, poison } = flyToTheEnd(
      100,
      () => isAttributed,
      () => true,
    );
    assert.ok(deaths <= 3, `${deaths} deaths`);
    for (const flight of flights) if (flight !== poison) assert.ok(flight.deathsBlamed === 0 && flight.lossesBegun <= 2);
  }
});

test('whoever else had begun, and whichever deaths can be attributed, a bystander is never poisoned', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      fc.infiniteStream(fc.boolean()),
      (residents, attributed, begun) => {
        const { deaths } = flyToTheEnd(
          residents,
          (death) => attributed[death] === true,
          () => begun.next().value === true,
        );
        assert.ok(deaths <= 3, `${deaths} deaths`);
      },
    ),
    { numRuns: 2_000 },
  );
});
