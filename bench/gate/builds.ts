/** Another commit of this repository, checked out and built in a folder of its own, and removed again. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ArgumentError } from '../arguments.js';
import { entryOf, isBundled, ownRoot } from '../build.js';

export interface BaseBuild {
  readonly root: string;
  readonly commit: string;
  readonly remove: () => void;
}

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: ownRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** @throws ArgumentError for a reference that git does not know; Error when that commit does not build */
export function buildOf(reference: string, progress: (what: string) => void): BaseBuild {
  const commit = commitOf(reference);
  progress(`building ${reference}`);
  const root = join(mkdtempSync(join(tmpdir(), 'coalescer-bench-')), 'base');
  const remove = (): void => {
    if (!existsSync(root)) return;
    git('worktree', 'remove', '--force', root);
    rmSync(join(root, '..'), { recursive: true, force: true });
  };
  // Also when the command is interrupted.
  process.once('exit', remove);
  git('worktree', 'add', '--detach', root, commit);
  try {
    install(root);
    compile(root);
    if (!isBundled(root)) progress(`${reference} is from before bundles: its modules are measured beside the bundle of this one`);
    return { root, commit, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function commitOf(reference: string): string {
  try {
    return git('rev-parse', '--verify', '--quiet', `${reference}^{commit}`);
  } catch (error) {
    throw Object.assign(new ArgumentError(`--base: git knows no commit ${JSON.stringify(reference)}`), { cause: error });
  }
}

/** The same lock file: the same packages, which need not be installed twice. */
function install(root: string): void {
  const lock = (folder: string): string => readFileSync(join(folder, 'package-lock.json'), 'utf8');
  if (lock(root) === lock(ownRoot)) symlinkSync(join(ownRoot, 'node_modules'), join(root, 'node_modules'), 'junction');
  else
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
}

/** Only what runs: declarations would name types by a path through the linked packages, and the compiler refuses those. Bundled, as it is published. */
function compile(root: string): void {
  const include = ['src', 'workers', 'machines', 'bench'];
  const project = { extends: './tsconfig.json', compilerOptions: { declaration: false }, include };
  writeFileSync(join(root, 'tsconfig.gate.json'), JSON.stringify(project));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '--project', 'tsconfig.gate.json'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const bundler = join(root, 'scripts', 'bundle.mjs');
  if (existsSync(bundler)) execFileSync(process.execPath, [bundler], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (!existsSync(entryOf(root))) throw new Error(`${root} was built, and has no ${relative(root, entryOf(root))}`);
}
