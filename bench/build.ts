/** Which build is measured: this one, or another commit's, so that one and the same bench code judges both. */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import type * as coalescers from '../src/index.js';

export type Coalescers = typeof coalescers;

export interface Build {
  /** The checkout; its compiled code is in `dist`. */
  readonly root: string;
  readonly coalescers: Coalescers;
}

/** This checkout: bench code runs from dist/bench. */
export const ownRoot = join(import.meta.dirname, '..', '..');

/** @throws Error when there is no build in that folder */
export async function loadBuild(root: string): Promise<Build> {
  return { root, coalescers: (await import(fileOf(root, 'src/index.js'))) as Coalescers };
}

/** The address of a compiled file of a build. */
export function fileOf(root: string, path: string): string {
  return pathToFileURL(join(root, 'dist', path)).href;
}
