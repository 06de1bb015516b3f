/** What an area is: rows over one build, in one process of its own. */
import type { Build } from '../build.js';
import type { Condition, Row } from '../measure/rows.js';

export interface OpenArea {
  readonly rows: readonly Row[];
  readonly close?: () => Promise<void>;
}

export interface Area {
  readonly name: string;
  readonly conditions: readonly Condition[];
  /** Times as many rounds as others (the gate measures its own pairs). @default 1 */
  readonly roundsTimes?: number;
  readonly open: (build: Build) => Promise<OpenArea>;
}
