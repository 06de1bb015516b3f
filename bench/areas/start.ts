/** Start-up: what importing the package costs an inline user, over a module that is empty. Each import in a process of its own. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { TakenRow } from '../measure/rows.js';
import { median } from '../measure/statistics.js';
import type { Area } from './area.js';

const TIMES = 7;
const script = 'const at = performance.now(); import(process.argv[1]).then(() => console.log(performance.now() - at));';
const require = createRequire(import.meta.url);
const emptyModule = new URL('./empty.js', import.meta.url).href;

async function importMs(address: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '-e', script, address]);
  return Number(stdout);
}

/** The median of several differences: whatever else the machine does comes over both. */
function importRow(name: string, address: string): TakenRow {
  const take = async (): Promise<number> => {
    const differences: number[] = [];
    for (let time = 0; time < TIMES; time++) differences.push((await importMs(address)) - (await importMs(emptyModule)));
    return median(differences);
  };
  return { name: `start/import of ${name}`, unit: 'ms', take, rounds: 2 };
}

export const start: Area = {
  name: 'start',
  conditions: ['fresh'],
  open: async () => ({
    rows: [
      // What is published: the bundle.
      importRow('coalescer', import.meta.resolve('coalescer')),
      ...['promise-coalesce', 'async-cache-dedupe', 'lru-cache', 'opossum', 'piscina'].map((name) =>
        importRow(name, pathToFileURL(require.resolve(name)).href),
      ),
    ],
  }),
};
