// Reads the repository for the tests of the house, and says what is wrong with it in one form: `path:line what`.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A file of the repository; `path` is relative to its root, with forward slashes. */
export interface TreeFile {
  readonly path: string;
  readonly text: string;
}

/** These tests run from dist/test/house. */
export const root = join(import.meta.dirname, '..', '..', '..');

export const rooms = ['src', 'workers', 'machines'] as const;
export const allFolders = [...rooms, 'demo', 'recipes', 'bench', 'test'] as const;

/** Services that the package is installed into are written as their frameworks have it, not as this house does. */
const ofOtherHouses = 'test/install/services/';

export function readSources(folders: readonly string[]): TreeFile[] {
  return folders
    .flatMap((folder) => readFolder(folder))
    .filter((file) => /\.c?ts$/.test(file.path) && !file.path.startsWith(ofOtherHouses));
}

/** Everything a commit could hold: the tree without what is installed, built or git's own. */
export function readRepository(): TreeFile[] {
  return readFolder('.').filter((file) => !file.text.includes('\0'));
}

export function readText(path: string): string {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
}

function readFolder(folder: string): TreeFile[] {
  if (!existsSync(join(root, folder))) return [];
  const skipped = new Set(['node_modules', 'dist', '.git']);
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    // In a worktree, git's own is a file.
    if (skipped.has(entry.name)) return [];
    const path = relative(root, join(root, folder, entry.name)).replaceAll('\\', '/');
    if (entry.isDirectory()) return readFolder(path);
    return entry.isFile() ? [{ path, text: readText(path) }] : [];
  });
}

export function complaint(file: TreeFile, index: number, what: string): string {
  return `${file.path}:${lineAt(file.text, index)} ${what}`;
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** For a check that must be content. */
export function expectNone(complaints: readonly string[]): void {
  assert.ok(complaints.length === 0, `${complaints.length} complaints:\n${complaints.join('\n')}`);
}

/** For a check on a bad example: it must complain about exactly these places, each given as the beginning of the complaint. */
export function expectComplaints(complaints: readonly string[], places: readonly string[]): void {
  const expected = places.map((place, at) => (complaints[at]?.startsWith(place) === true ? complaints[at] : `${place} …`));
  assert.deepEqual(complaints, expected);
}
