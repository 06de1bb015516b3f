/** A launch order that came in a frame; what the frame left out has its usual value. */
import { canonicalKey } from './canonical.js';
import type { Delivered } from './delivered.js';
import { keepShape } from './lasting-shape.js';
import { type Body, LAUNCH, type LaunchExtras, type LaunchFrame, PACKED } from './protocol.js';
import type { Course, StraightOrder } from './straight-setup.js';
import type { WheelEntry } from './wheel.js';

/** For a first launch, to all targets, with nothing carried along. */
export const NO_EXTRAS: LaunchExtras = [null, 0, 0, -1, null, 0, null];

/** Told when the time of an order's straight attempt is up. */
export interface DueOrderReceiver {
  /** The coalescer's name. */
  readonly name: string;
  orderDue(order: PortOrder, now: number): void;
}

export class PortOrder implements StraightOrder, WheelEntry {
  readonly slot: number;
  readonly number: number;
  readonly scope: string | null;
  readonly route: readonly string[] | null;
  readonly launchedAt: number;
  readonly deadline: number;
  readonly attemptsMade: number;
  readonly targetsTried: number;
  readonly lastTarget: number;
  readonly payload: unknown;
  readonly carried: unknown;
  /** The value or chunk, packed when it was checked. */
  value: Body | null = null;
  chunksGiven: number;
  /** What its shard holds for it. */
  course: Course<this> = null;
  readonly #delivered: Delivered | null;
  /** `false`: it is the payload's canonical form, which was not sent. */
  #key: string | null | false;
  readonly #receiver: DueOrderReceiver;

  // The wheel's own fields.
  due = Number.NaN;
  wheelSlot = -1;
  before: WheelEntry | null = null;
  after: WheelEntry | null = null;

  constructor(frame: LaunchFrame, { payload, carried, delivered }: OrderParts, launchedAt: number, receiver: DueOrderReceiver) {
    const extras = frame[6];
    const [route, attemptsMade, targetsTried, lastTarget, , chunksGiven] = extras ?? NO_EXTRAS;
    this.slot = frame[1];
    this.number = frame[2];
    this.scope = frame[3];
    this.route = route;
    this.launchedAt = launchedAt;
    this.deadline = frame[5];
    this.attemptsMade = attemptsMade;
    this.targetsTried = targetsTried;
    this.lastTarget = lastTarget;
    this.payload = payload;
    this.carried = carried;
    this.chunksGiven = chunksGiven;
    this.#delivered = delivered;
    this.#key = frame[4];
    this.#receiver = receiver;
  }

  get id(): string {
    return `${this.#receiver.name}#${this.number}`;
  }

  /** Not flown before. */
  get isFresh(): boolean {
    return this.attemptsMade === 0;
  }

  onDue(now: number): void {
    this.#receiver.orderDue(this, now);
  }

  /** Unpacked anew each time: a `resume` may write to what it gets. */
  get delivered(): readonly unknown[] | null {
    return this.#delivered?.all() ?? null;
  }

  /** One more chunk has been given. */
  gave(chunk: Body): void {
    this.chunksGiven++;
    this.#delivered?.add(chunk);
  }

  /** Not sent if it is the payload's canonical form: few targets read it, and then it is made again. */
  get key(): string | null {
    if (this.#key === false) this.#key = canonicalKey(this.payload, null, Infinity);
    return this.#key;
  }
}

/** The unpacked bodies of a launch frame. */
export interface OrderParts {
  readonly payload: unknown;
  readonly carried: unknown;
  readonly delivered: Delivered | null;
}

keepShape(
  () =>
    new PortOrder(
      [LAUNCH, 0, 0, null, null, Number.NaN, null, PACKED, new Uint8Array()],
      { payload: null, carried: undefined, delivered: null },
      Number.NaN,
      { name: '', orderDue() {} },
    ),
);
