/** Which build is measured: this one, or another commit's, so that one and the same bench code judges both. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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
  return { root, coalescers: (await import(pathToFileURL(entryOf(root)).href)) as Coalescers };
}

/**
 * What is published is measured, as it is with peers: the bundle, in which a function finds others without going through a module's imports (3 to 5 % of
 * a flight). Commits that had none yet: their modules.
 */
export function entryOf(root: string): string {
  return isBundled(root) ? bundleOf(root) : join(root, 'dist', 'src', 'index.js');
}

export const isBundled = (root: string): boolean => existsSync(bundleOf(root));
const bundleOf = (root: string): string => join(root, 'dist', 'bundle', 'index.js');
