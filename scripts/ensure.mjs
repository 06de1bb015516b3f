// Makes a checkout ready to run: installs when node_modules is not what the lock file says, builds when a source changed.
// Tests run what the compiler writes to dist; what is published is bundled from it (scripts/bundle.mjs); dist/cjs has the declarations for `require`.
// Says one line when it does something and nothing otherwise. Knows no dependency: it runs before there are any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const sourceFolders = ['src', 'workers', 'machines', 'demo', 'recipes', 'bench', 'test'];
const stampFile = join(root, 'dist', '.built');

if (!isInstalled()) run('installing', ...npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'));
const stamp = stampOfSources();
if (readIfThere(stampFile) !== stamp) {
  // A build that fails, or is ended, leaves some of each: whatever the sources are then, dist is not built from them.
  rmSync(stampFile, { force: true });
  removeStaleOutput();
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  run('building', process.execPath, compiler);
  run('building', process.execPath, compiler, '--project', 'tsconfig.cjs.json');
  writeFileSync(join(root, 'dist', 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
  run('bundling', process.execPath, join(root, 'scripts', 'bundle.mjs'));
  writeFileSync(stampFile, stamp);
}

/** npm writes what it really installed into node_modules/.package-lock.json, as its last step. */
function isInstalled() {
  const installed = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  const there = JSON.parse(installed).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => path === '' || entry.optional === true || there[path]?.version === entry.version);
}

/** Windows cannot spawn npm's shell script; when npm started us, it told where its own code is. */
function npm(...args) {
  const code = process.env['npm_execpath'];
  return code !== undefined && code.endsWith('.js') ? [process.execPath, code, ...args] : ['npm', ...args];
}

function stampOfSources() {
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  for (const path of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.cjs.json']) add(path);
  for (const path of ['scripts/ensure.mjs', 'scripts/bundle.mjs']) add(path);
  for (const path of sourceFolders.flatMap((folder) => filesUnder(folder)).filter(isSource)) add(path);
  return hash.digest('hex');
}

/** What a deleted source left in dist would still be found, run and published. */
function removeStaleOutput() {
  for (const path of ['dist', 'dist/cjs'].flatMap((base) => sourceFolders.flatMap((folder) => filesUnder(join(base, folder))))) {
    const source = path.replace(/^dist\/(?:cjs\/)?/, '').replace(/(\.d)?\.(c?)(ts|js|js\.map)$/, '.$2ts');
    if (!existsSync(join(root, source))) rmSync(join(root, path));
  }
}

function filesUnder(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

function isSource(path) {
  return /\.c?ts$/.test(path);
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** All goes to stderr: stdout belongs to whatever runs next. npm complains there by itself, tsc on stdout. */
function run(activity, command, ...args) {
  process.stderr.write(`${activity}…\n`);
  const stdout = activity === 'installing' ? 'ignore' : 2;
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', stdout, 2] });
  if (status === 0) return;
  process.stderr.write(`${activity} failed${error === undefined ? '' : `: ${error.message}`}\n`);
  process.exit(1);
}
