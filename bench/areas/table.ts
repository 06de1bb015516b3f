/** Four events of a flight that fails over: a step of the table, and the live XState actor that the table was made from. */
import { createActor } from 'xstate';
import { flightMachine } from '../../machines/flight.machine.js';
import * as flightSteps from '../../machines/flight.table.js';
import type { Area } from './area.js';

const FLIGHTS = 1_000;
const { flightTable } = flightSteps;
const root = flightTable.roots[2] as number;
const walk = [flightSteps.FLIGHT_LAUNCHED, flightSteps.ATTEMPT_REJECTED, flightSteps.TARGET_CHOSEN, flightSteps.ATTEMPT_RESOLVED];
const types = ['flight.launched', 'attempt.rejected', 'target.chosen', 'attempt.resolved'] as const;

function byTable(): number {
  let sum = 0;
  for (let count = 0; count < FLIGHTS; count++) {
    let state = root;
    for (const event of walk) state = flightTable.next[state * flightTable.events.length + event] as number;
    sum += state;
  }
  return sum;
}

function byActor(): number {
  let sum = 0;
  for (let count = 0; count < FLIGHTS / 50; count++) {
    const actor = createActor(flightMachine, { input: { attemptsMax: 3, isOpened: false, canContinue: false } }).start();
    for (const type of types) actor.send({ type });
    sum += actor.getSnapshot().status.length;
  }
  return sum;
}

export const table: Area = {
  name: 'table',
  conditions: ['fresh', 'after gc'],
  open: async () => ({
    rows: [
      { name: 'table/four events', per: FLIGHTS, run: byTable },
      { name: 'table/live XState actor, four events', per: FLIGHTS / 50, run: byActor },
    ],
  }),
};
