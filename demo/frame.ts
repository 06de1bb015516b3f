// What is to be seen at one instant of a run: plain data between the run, which makes it, and the displays, which show it.

import type { ArmName } from './question.js';

export interface Frame {
  /** What traffic this is, in words. */
  readonly title: string;
  readonly elapsedMs: number;
  /** Until the last request is sent. */
  readonly durationMs: number;
  readonly arms: readonly ArmFrame[];
  readonly providers: readonly { readonly name: string; readonly isUp: boolean }[];
  /** Oldest first. */
  readonly incidents: readonly Incident[];
}

export interface ArmFrame {
  readonly name: ArmName;
  readonly about: string;
  readonly calls: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly failed: number;
  readonly dollars: number;
  readonly waiting: number;
  /** Flights that the waiting requests wait for; the plain client has one for each. */
  readonly airborne: number;
  /** Requests that came back in each quarter of a second, newest last. */
  readonly rhythm: readonly number[];
}

/** Something that befell the run: a kill, a return. */
export interface Incident {
  readonly atMs: number;
  readonly good: boolean;
  readonly text: string;
}
