/** A launch order that came in a frame: what it left out is as most have it. */
import { canonicalKey } from './canonical.js';
import type { Delivered } from './delivered.js';
import { keepShape } from './lasting-shape.js';
import { type Body, KEYED, LAUNCH, type LaunchExtras, type LaunchFrame, type LaunchOrder, PACKED } from './protocol.js';

/** Of a launch that is the first of its flight, to all targets, with nothing carried along. */
export const NO_EXTRAS: LaunchExtras = [null, 0, 0, -1, null, 0, null];

export class PortOrder implements LaunchOrder {
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
  /** The value or chunk, packed when it was looked at. */
  value: Body | null = null;
  chunksGiven: number;
  readonly #delivered: Delivered | null;
  /** `false`: not sent. */
  #key: string | null | false;

  constructor(frame: LaunchFrame, { payload, carried, delivered }: OrderParts) {
    const [, slot, number, scope, key, launchedAt, deadline, extras, kind, body] = frame;
    const [route, attemptsMade, targetsTried, lastTarget, , chunksGiven] = extras ?? NO_EXTRAS;
    this.slot = slot;
    this.number = number;
    this.scope = scope;
    this.route = route;
    this.launchedAt = launchedAt;
    this.deadline = deadline;
    this.attemptsMade = attemptsMade;
    this.targetsTried = targetsTried;
    this.lastTarget = lastTarget;
    this.payload = payload;
    this.carried = carried;
    this.chunksGiven = chunksGiven;
    this.#delivered = delivered;
    this.#key = kind === KEYED ? (body as string) : key;
  }

  /** Each time as new: a `resume` may write to what it gets. */
  get delivered(): readonly unknown[] | null {
    return this.#delivered?.all() ?? null;
  }

  /** One more chunk has been given. */
  gave(chunk: Body): void {
    this.chunksGiven++;
    this.#delivered?.add(chunk);
  }

  /** Not sent where it is the payload's canonical form: few targets read it, and then it is made again. */
  get key(): string | null {
    if (this.#key === false) this.#key = canonicalKey(this.payload);
    return this.#key;
  }
}

/** What a launch frame's bodies hold. */
export interface OrderParts {
  readonly payload: unknown;
  readonly carried: unknown;
  readonly delivered: Delivered | null;
}

keepShape(
  () =>
    new PortOrder([LAUNCH, 0, 0, null, null, Number.NaN, Number.NaN, null, PACKED, new Uint8Array()], {
      payload: null,
      carried: undefined,
      delivered: null,
    }),
);
