/** What a shard holds for one flight in the air: the number that is its machine's state, and what the machine must not know. */
import type { Attempt } from './attempt.js';
import type { AttemptTerms } from './attempt-terms.js';
import { REFUSED } from './breaker.js';
import type { Budget } from './budget.js';
import { Detour, NO_DETOUR } from './detour.js';
import type { Hedge, Rival } from './hedge.js';
import type { PassedOver } from './passed-over.js';
import { keepShape } from './lasting-shape.js';
import type { AttemptRecord, InAir, LaunchOrder } from './protocol.js';
import type { StreamRecord } from './streams.js';
import type { TargetHealth } from './target-health.js';
import type { Wheel, WheelEntry } from './wheel.js';

/** At most so many are reported with one attempt. */
const PASSED_OVER_MAX = 32;

/** Told when a record's time has come. */
export interface DueReceiver {
  recordDue(record: FlightRecord, now: number): void;
}

/** What all straight flights from one start share. */
export interface StraightTerms {
  readonly terms: AttemptTerms;
  /** Health of its target. Straight flights are never hedged. */
  readonly health: TargetHealth;
  readonly budget: Budget | null;
  /** Its attempt may take the flight's time left divided by this, but no more than `msMax`. */
  readonly shares: number;
  readonly msMax: number;
  /** The machine's state while its attempt is out. */
  readonly state: number;
  /** Where it goes straight on if the attempt fails; `null`: nowhere; `undefined`: not looked up yet. */
  next: FlightStart | null | undefined;
}

/** Where a flight starts, or goes straight on. All fresh flights without a route of their own share one. */
export class FlightStart {
  readonly route: readonly number[];
  readonly attemptsMax: number;
  readonly state: number;
  readonly target: number;
  /** What was tried before this start. */
  readonly attemptsMade: number;
  readonly targetsTried: number;
  /** `null`: no flight may go straight from here; `undefined`: not looked up yet. */
  straight: StraightTerms | null | undefined;

  constructor({ route, attemptsMax, state, target, attemptsMade, targetsTried }: Omit<FlightStart, 'straight'>) {
    this.route = route;
    this.attemptsMax = attemptsMax;
    this.state = state;
    this.target = target;
    this.attemptsMade = attemptsMade;
    this.targetsTried = targetsTried;
  }
}

/** Made at launch, dropped at settle. Only the shard writes it. */
export class FlightRecord<Order extends LaunchOrder = LaunchOrder> implements WheelEntry {
  readonly order: Order;
  /** Targets of this flight, as indices, in the order to try them. Narrowed in mid-air to those that can go on. */
  route: readonly number[];
  /** Upstream calls this flight may make in all its lives. */
  readonly attemptsMax: number;
  /** The machine's state: a number of the flight table. */
  state: number;
  attemptsMade: number;
  /** A bit mask of the targets that were called. */
  targetsTried: number;
  /** The target of the current attempt, or of the next one while failing over. */
  target: number;
  /** The current attempt: the only one, or of two that are out the one last heard of. Results of any other attempt are late, and dropped. */
  attempt: Attempt | null = null;
  /** When its target admitted it, which starts its time. Reporting the attempt before, to a port or to subscribers, counts against this time. */
  attemptStartedAt = Number.NaN;
  /** The last attempt that ended, until it is reported to the front. */
  ended: AttemptRecord | null = null;
  /** The value, or the last error. */
  result: unknown = undefined;
  /** The current target's pass: it was admitted for this flight, and must be ended once. `REFUSED`: there is none. */
  pass = REFUSED;
  /** Made when a target streams. */
  stream: StreamRecord | null = null;
  /** Made when an attempt that may be hedged begins. */
  hedge: Hedge | null = null;
  /** For reading; write to `ownDetour()`. */
  detour: Readonly<Detour> = NO_DETOUR;
  /** An action is running; events that arise meanwhile wait in the detour's `queue` until the list of actions is done. */
  stepping = false;
  readonly #receiver: DueReceiver;

  // The wheel's own fields. Not inherited: an object of a derived class takes three times as long to make.
  due = Number.NaN;
  wheelSlot = -1;
  before: WheelEntry | null = null;
  after: WheelEntry | null = null;

  constructor(order: Order, start: FlightStart, receiver: DueReceiver) {
    this.order = order;
    this.route = start.route;
    this.attemptsMax = start.attemptsMax;
    this.state = start.state;
    this.target = start.target;
    this.attemptsMade = start.attemptsMade;
    this.targetsTried = start.targetsTried;
    this.#receiver = receiver;
  }

  /** For writing. Made when first needed. */
  ownDetour(): Detour {
    if (this.detour === NO_DETOUR) this.detour = new Detour();
    return this.detour;
  }

  /** No attempt was made for it, in this or an earlier life. */
  get isFresh(): boolean {
    return this.attemptsMade === 0 && this.order.route === null;
  }

  /** The attempts that are out. */
  get inAir(): readonly InAir[] {
    const { attempt, attemptStartedAt, hedge } = this;
    const rival = hedge?.rival ?? null;
    const inAir = ({ target, attempt: number }: Attempt, startedAt: number): InAir => ({
      target,
      startedAt,
      isHedge: number === hedge?.attempt,
    });
    const current = attempt === null ? [] : [inAir(attempt, attemptStartedAt)];
    return rival === null ? current : [...current, inAir(rival.attempt, rival.attemptStartedAt)];
  }

  /** For the story: a target was not called. Recorded once, however often it is asked. */
  passOver(target: string, why: PassedOver['why']): void {
    const passedOver = (this.ownDetour().passedOver ??= []);
    const isTold = passedOver.some((told) => told.target === target && told.why === why);
    if (!isTold && passedOver.length < PASSED_OVER_MAX) passedOver.push({ target, why });
  }

  /** Something is heard of this attempt: makes it the current one. Returns whether it is out at all. */
  turnTo(attempt: Attempt): boolean {
    if (this.attempt === attempt) return true;
    const { hedge } = this;
    if (hedge === null || hedge.rival?.attempt !== attempt) return false;
    const { rival } = hedge;
    hedge.rival = this.standAside(hedge);
    this.takeUp(rival, hedge);
    return true;
  }

  /** Returns the current attempt as a rival, so that the record is free for the other one. */
  standAside({ due }: Hedge): Rival {
    const { attempt, attemptStartedAt, target, pass, stream } = this;
    const pump = stream?.pump ?? null;
    if (stream !== null) stream.pump = null;
    return { attempt: attempt as Attempt, attemptStartedAt, target, pass, due, pump };
  }

  /** Makes a rival the current attempt. */
  takeUp({ attempt, attemptStartedAt, target, pass, due, pump }: Rival, hedge: Hedge): void {
    this.attempt = attempt;
    this.attemptStartedAt = attemptStartedAt;
    this.target = target;
    this.pass = pass;
    hedge.due = due;
    if (this.stream !== null) this.stream.pump = pump;
  }

  /** Arms the record for the current attempt's time, `due`, or for what comes before it if the attempt is hedged. */
  armAttempt(wheel: Wheel, due: number, now: number): void {
    const { hedge } = this;
    if (hedge !== null) hedge.due = due;
    const first = hedge === null ? due : Math.min(due, hedge.at, hedge.rival?.due ?? due);
    // Even if that is past: then the next tick is the one, not the one after it.
    wheel.arm(this, first - now, now);
  }

  onDue(now: number): void {
    this.#receiver.recordDue(this, now);
  }
}

keepShape(
  () =>
    new FlightRecord(
      {} as LaunchOrder,
      new FlightStart({ route: [], attemptsMax: 0, state: 0, target: 0, attemptsMade: 0, targetsTried: 0 }),
      { recordDue() {} },
    ),
);
