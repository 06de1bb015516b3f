// Packs the package as it would be published, installs it, and runs services of every kind against it: `npm run check:install`. However it ends, what
// it made and started is gone.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { argumentsOf, refuse } from './arguments.mjs';
import { cases } from './install/cases.mjs';
import { programsOn } from './install/runtimes.mjs';

const usage = `Usage: npm run check:install [-- words]

Packs the package as it would be published, installs it, and runs services of every kind against it: all of them, or those
whose name has one of the words (npm run check:install -- jest node10).

  --keep   leaves the folder there, and says where it is
  --help   this text
`;
const { values, positionals } = argumentsOf(usage, { keep: { type: 'boolean' } }, { allowPositionals: true });
const has = ({ name }, word) => name.toLowerCase().includes(word.toLowerCase());
const stranger = positionals.find((word) => !cases.some((one) => has(one, word)));
if (stranger !== undefined) refuse(`no service has ${JSON.stringify(stranger)} in its name`);
const chosen = cases.filter((one) => positionals.length === 0 || positionals.some((word) => has(one, word)));
await import('./ensure.mjs');

const root = join(import.meta.dirname, '..');
const from = join(root, 'test', 'install');
const COMMAND_MS = 120_000;
const isWindows = process.platform === 'win32';

// Outside of the checkout: nothing of it can be found from there.
const folder = mkdtempSync(join(tmpdir(), 'coalescer-install-'));
/** What runs now: one command, or none. */
let running = null;
process.once('exit', cleanUp);
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => process.exit(code));
}
const alone = join(folder, 'alone');
const withTools = join(folder, 'with-tools');
const npmCode = process.env['npm_execpath'];
const npm = npmCode !== undefined && npmCode.endsWith('.js') ? [process.execPath, npmCode] : ['npm'];
/** The program behind a name in a case's command, once it is known. */
const programs = new Map([['node', [process.execPath]]]);

const failures = [];
let passed = 0;
const startedAt = performance.now();
await step('the package is packed and installed, and nothing but what it asks for', install);
await step('tools for services', installTools);
for (const { name, ...rest } of chosen) await step(name, () => prove(rest));
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
if (failures.length > 0) console.log(`\nfailed:\n${failures.join('\n')}`);
console.log(`${seconds} s\n${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 || passed === 0 ? 1 : 0);

/** First what still writes there. */
function cleanUp() {
  if (running !== null) end(running);
  if (values.keep === true) console.log(`kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

async function step(name, work) {
  const began = performance.now();
  const fault = await work().catch((error) => String(error.message ?? error));
  const took = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${fault === undefined ? 'ok    ' : 'FAILED'} ${name} (${took} s)`);
  if (fault === undefined) passed++;
  else {
    failures.push(name);
    console.log(fault.replaceAll(/^/gm, '       '));
  }
}

async function install() {
  mkdirSync(alone, { recursive: true });
  await succeed([...npm, 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder], root);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(alone, 'package.json'), '{ "private": true }\n');
  const tarball = join(folder, `coalescer-${version}.tgz`);
  await succeed([...npm, 'install', '--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', tarball], alone);
}

async function installTools() {
  cpSync(join(from, 'tools'), withTools, { recursive: true });
  await succeed([...npm, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], withTools);
}

/** Makes a case's folder, runs its commands, and looks at what the last one printed. Returns what is wrong. */
async function prove({ service, alone: isAlone, files = {}, commands, prints }) {
  const place = mkdtempSync(join(isAlone ? alone : withTools, `${service}-`));
  cpSync(join(from, 'services', service), place, { recursive: true });
  // Its own copy, as after an install of its own: with tools above, and without.
  cpSync(join(alone, 'node_modules'), join(place, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(place, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  let output = '';
  for (const command of commands) {
    const [name = '', ...rest] = command;
    const program = await programOf(name);
    output = await succeed(
      [...program, ...rest.map((arg) => (arg.startsWith('@') ? join(withTools, 'node_modules', arg.slice(1)) : arg))],
      place,
    );
  }
  const printed = output.trim().replaceAll('\r\n', '\n');
  const isRight = prints instanceof RegExp ? prints.test(printed) : printed === prints.trim();
  return isRight ? undefined : `printed\n${printed}\nand not\n${prints instanceof RegExp ? prints : prints.trim()}`;
}

/** `node22` is fetched if this one is another; `tsc6` and the like come with the tools. */
async function programOf(name) {
  const known = programs.get(name);
  if (known !== undefined) return known;
  const program = await findProgram(name);
  programs.set(name, program);
  return program;
}

async function findProgram(name) {
  const tools = join(withTools, 'node_modules');
  const [, kind, version] = /^(node|tsc)(\d+)$/.exec(name) ?? [];
  if (kind === 'tsc') return [process.execPath, join(tools, version === '5' ? 'typescript' : `typescript${version}`, 'bin', 'tsc')];
  if (kind === 'node') {
    if (process.versions.node.startsWith(`${version}.`)) return [process.execPath];
    const npx = npm.length === 1 ? ['npx'] : [process.execPath, join(dirname(npmCode), 'npx-cli.js')];
    const path = await succeed([...npx, '--yes', `node@${version}`, '--print', 'process.execPath'], folder);
    return [path.trim().split('\n').at(-1)];
  }
  const path = programsOn(process.platform, process.arch)[name];
  const found = path === undefined ? undefined : join(tools, path);
  if (found === undefined || !existsSync(found)) throw new Error(`${name} is not to be had on this platform`);
  return [found];
}

/** Runs to its end, and gives back what it wrote. */
function succeed([command, ...rest], cwd) {
  return new Promise((resolve, reject) => {
    const environment = { ...process.env, CI: 'true', NO_COLOR: '1', FORCE_COLOR: '0' };
    // What npm tells its scripts is not for services.
    for (const name of Object.keys(environment)) if (/^(?:npm_|NODE_)/.test(name)) delete environment[name];
    const child = spawn(command, rest, {
      cwd,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      // For npm's shell script: a path may hold a space, and a shell would end it there (C:\Program Files\nodejs).
      shell: isWindows && !isAbsolute(command),
      // A group of its own, which can be ended with all that it has started.
      detached: !isWindows,
    });
    running = child;
    let output = '';
    const timer = setTimeout(() => end(child), COMMAND_MS);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      running = null;
      if (code === 0) resolve(output);
      else reject(new Error(`${[command, ...rest].join(' ')} ended with ${signal ?? code}:\n${output}`));
    });
  });
}

function end(child) {
  if (child.pid === undefined) return;
  try {
    if (isWindows) child.kill();
    else process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // It has ended already.
    if (error.code !== 'ESRCH') throw error;
  }
}
