// Bundles what the compiler wrote to dist into what is published: dist/bundle for `import` and for threads, dist/bundle/cjs for `require`.
// Node takes 0.7 ms for each file that it imports, however small, and the package has a hundred.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const out = join(dist, 'bundle');
const entries = { index: 'src/index.js', testing: 'src/testing.js', bench: 'bench/own/index.js' };
/** What needs nothing of the rest but the tables: its own copy of them saves everybody else a file. */
const machines = { machines: 'machines/index.js' };
/** What says `require`, or where it lies, stays as it is: beside the bundles, there once for both. */
const commonJs = ['workers/host-entry.cjs', 'workers/loader.cjs'];

/** The compiler's own maps are followed, so that frames name the sources. */
const sourceMaps = {
  name: 'source-maps',
  load: (path) => (existsSync(`${path}.map`) ? { code: readFileSync(path, 'utf8'), map: readFileSync(`${path}.map`, 'utf8') } : null),
};

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, 'cjs'), { recursive: true });
writeFileSync(join(out, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
// What is bundled comes with its licence.
copyFileSync(join(root, 'node_modules', 'safe-stable-stringify', 'LICENSE'), join(out, 'safe-stable-stringify.LICENSE'));
for (const path of commonJs.flatMap((file) => [file, `${file}.map`])) copyFileSync(join(dist, path), join(out, basename(path)));
// Entries share what they have in common: a class is one class, whichever entry it comes from.
await bundle(entries, 'es', '.');
await bundle(entries, 'cjs', 'cjs');
await bundle(machines, 'es', '.');
await bundle(machines, 'cjs', 'cjs');
// A thread is a world of its own, and starts with one file.
await bundle({ host: 'workers/host.js' }, 'es', '.');

async function bundle(input, format, folder) {
  const files = await rolldown({
    // What is written names files, and the same wherever it is run from.
    cwd: root,
    input: Object.fromEntries(Object.entries(input).map(([name, path]) => [name, join(dist, path)])),
    platform: 'node',
    // All dependencies: they are named, and not by a path. But one: its 25 kB are parsed in half a millisecond, and a door that loads it late costs 2 ms.
    external: [/^(?!safe-stable-stringify$)[a-z]{2}/, /\.cjs$/],
    plugins: [sourceMaps],
  });
  await files.write({
    dir: join(out, folder),
    format,
    paths: (name) => (name.endsWith('.cjs') ? `${folder === '.' ? '.' : '..'}/${basename(name)}` : name),
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    sourcemap: true,
    strict: true,
    comments: false,
    // What entries share is one file, without what loads the packing library.
    codeSplitting: { groups: [{ name: 'coalescer', minShareCount: 2, test: (path) => !path.endsWith('wire.js') }] },
  });
  await files.close();
}
