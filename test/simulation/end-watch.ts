/** What holds at the end: everybody was told, and nothing is left. */
import type { FlightLimits } from '../../src/flight-limits.js';
import type { Driver } from './driver.js';
import { hasRead } from './stream-traces.js';
import { codeOf } from './verdict-on-errors.js';
import type { Witness } from './witness.js';
import type { World } from './world.js';

/** Faults have stopped, and time enough has passed. */
export function checkQuiet({ witness, library, requestWatch }: World): void {
  for (const request of witness.requests)
    witness.require(request.settles > 0, 'I1', () => `request ${request.number} of flight ${request.flight?.number} was never told`);
  for (const flight of witness.flights.values())
    witness.require(flight.landings === 1, 'I26', () => `flight ${flight.number} never landed`);
  checkStreams(witness);
  const { airborne, waiters, limits } = library;
  const { bytes } = limits;
  const left = `${airborne.size} flights, ${waiters.count} waiters, ${bytes} bytes`;
  witness.require(airborne.size + waiters.count + bytes + requestWatch.airborne === 0, 'I26', () => `${left} are left in the front`);
  if (airborne.size === 0) witness.health?.checkQuiet();
}

/** Every stream has come to its end or was closed, and so has everybody who read on. */
function checkStreams(witness: Witness): void {
  for (const { number, calls } of witness.flights.values())
    for (const { stream, attempt, loop } of calls) {
      const isOpen = stream !== null && stream.isTaken && !stream.isDone && !stream.isClosed && !loop.isStopped;
      witness.require(!isOpen, 'I26', () => `the stream of attempt ${attempt} of flight ${number} is still open`);
    }
  for (const { number, reader } of witness.requests)
    witness.require(reader === null || hasRead(reader), 'I1', () => `reader ${number} was never told its end`);
}

/** It is closed. */
export function checkGone(
  { witness, front, wheel, hosts, coalescer, hedgeWatch, requestWatch, library }: World,
  { sessions }: Driver,
): void {
  const living = hosts.living.map(({ thread }) => thread);
  witness.require(living.length === 0, 'I26', () => `threads ${living.join()} live on after close()`);
  witness.require(front.timers === 0, 'I26', () => `${front.timers} timers are left after close()`);
  witness.require(wheel.size === 0, 'I26', () => `${wheel.size} times are armed after close()`);
  witness.require(front.deferred === 0, 'I26', () => `${front.deferred} deferred calls are left after close()`);
  const listeners = sessions.reduce((sum, session) => sum + session.listeners, 0);
  witness.require(listeners === 0, 'I26', () => `${listeners} listeners are left on signals`);
  witness.require(witness.waitingForReady === 0, 'I26', () => `${witness.waitingForReady} calls of ready() never settled`);
  const kept = (library.waiters.keeping?.size ?? 0) + library.waiters.forOne.size;
  witness.require(kept === 0, 'I26', () => `${kept} keys are remembered after close()`);
  witness.require(isShut(library.limits), 'I26', () => 'what was owed may be launched after close()');
  const stats = coalescer.stats();
  requestWatch.counts.check(stats);
  const told = Object.values(stats.targets).reduce((sum, { attempts }) => sum + attempts, 0);
  const begun = [...witness.flights.values()].reduce((sum, flight) => sum + flight.begun, 0);
  witness.require(told === begun, 'stats', () => `${told} attempts are counted, ${begun} were begun`);
  hedgeWatch.checkCounts(stats.targets);
  if (witness.isLoaded) witness.steer?.reported(coalescer.targets.report());
  const airborne = Object.values(stats.targets).reduce((sum, target) => sum + target.airborne, 0);
  witness.require(airborne === 0, 'stats', () => `${airborne} attempts are still counted as in the air`);
}

/** Whatever would be launched yet is refused, also what carries on what was in the air. */
function isShut(limits: FlightLimits): boolean {
  try {
    if (!limits.allow(0, 0)) limits.refuse(null, 0, true);
    return false;
  } catch (error) {
    return codeOf(error) === 'COALESCER_CLOSED';
  }
}
