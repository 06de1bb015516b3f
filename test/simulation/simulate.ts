/** Flies one schedule: faults throughout, then calm until all is quiet, then the end. */
import { Driver } from './driver.js';
import { checkGone, checkQuiet } from './end-watch.js';
import type { EventLog } from './event-log.js';
import type { Loop } from './loop.js';
import { planSteering } from './steer-driver.js';
import type { Violation } from './witness.js';
import { hasRead } from './stream-traces.js';
import { World, type Alteration } from './world.js';

export interface Flown {
  readonly seed: number;
  /** The first is what went wrong; the rest may follow from it. */
  readonly violations: readonly Violation[];
  readonly log: EventLog;
  readonly events: number;
  /** Attempts that went on in mid-air with what another had begun. */
  readonly failovers: number;
  /** Attempts that were made beside another. */
  readonly hedges: number;
}

/** Closing may take its drain, a start-up that does not end, and calls to threads that are deaf. */
const CLOSE_MS_MAX = 60_000;
/** Those who read slowly read on when their flight has ended. */
const READ_MS_MAX = 2_000;

/** Rejections that nobody handles, in whichever schedule runs now. */
let unhandled: (error: unknown) => void = () => undefined;
let isListening = false;

function listen(): void {
  if (isListening) return;
  isListening = true;
  process.on('unhandledRejection', (error) => unhandled(error));
}

const haveRead = ({ witness }: World): boolean => witness.requests.every(({ reader }) => reader === null || hasRead(reader));

export async function simulate(seed: number, alteration: Alteration = {}): Promise<Flown> {
  listen();
  const world = new World(seed, alteration);
  const { witness, scheduler, front, machine } = world;
  unhandled = (error) => witness.violate('unhandled', error instanceof Error ? (error.stack ?? error.message) : String(error));
  const uncaught = (loop: Loop, error: unknown): void => {
    const where = loop === front ? 'the front' : loop === machine ? 'the machine' : 'a thread';
    witness.violate('uncaught', `on ${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  };
  scheduler.onUncaught = uncaught;
  const driver = new Driver(world);
  const isBroken = (): boolean => witness.violations.length > 0 || scheduler.isEndless;
  driver.plan();
  if (world.swarm.steer !== null && witness.steer !== null) planSteering(world, world.swarm.steer, witness.steer);
  await scheduler.runUntil(Math.max(world.swarm.spanMs, ...(world.swarm.forOne?.returns ?? [])), isBroken);
  witness.isCalm = true;
  witness.note('calm');
  if (!isBroken()) await quiet(world, driver, isBroken);
  if (!isBroken()) await close(world, driver, isBroken);
  if (scheduler.isEndless) witness.violate('endless', `${scheduler.eventCount} events and no end`);
  witness.forgetErrors();
  const { failovers } = world.streamWatch;
  const { hedges } = world.hedgeWatch;
  return { seed, violations: witness.violations, log: witness.log, events: scheduler.eventCount, failovers, hedges };
}

/** Until everybody was told and every flight has landed; a hung thread is noticed only after its heartbeat. */
async function quiet(world: World, { closing }: Driver, isBroken: () => boolean): Promise<void> {
  const { scheduler, swarm, witness, requestWatch } = world;
  if (closing === null && swarm.drainMs === 0) return;
  const { flightTimeoutMs } = swarm.options;
  const patience = flightTimeoutMs + 3 * swarm.heartbeatMs + 2 * swarm.readyWithinMs + 1_000;
  const isQuiet = (): boolean => requestWatch.airborne === 0 && witness.requests.every(({ settles }) => settles > 0) && haveRead(world);
  await scheduler.runUntil(scheduler.now + patience, () => isQuiet() || isBroken());
  if (!isBroken()) checkQuiet(world);
}

async function close(world: World, driver: Driver, isBroken: () => boolean): Promise<void> {
  const { scheduler, witness } = world;
  let isClosed = false;
  driver.close();
  driver.closing?.then(
    () => (isClosed = true),
    (error: unknown) => witness.violate('I26', `close() rejected: ${String(error)}`),
  );
  await scheduler.runUntil(scheduler.now + CLOSE_MS_MAX, () => isClosed || isBroken());
  witness.require(isClosed || isBroken(), 'I26', () => 'close() never settles');
  if (isBroken()) return;
  // What still is to happen happens: nothing may come of it.
  await scheduler.runUntil(Math.max(scheduler.now, world.front.pausedUntil) + 1, isBroken);
  await scheduler.runUntil(scheduler.now + READ_MS_MAX, () => haveRead(world) || isBroken());
  checkQuiet(world);
  checkGone(world, driver);
}
