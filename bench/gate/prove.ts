/** `npm run bench:gate:prove`: the gate catches builds that are worse on purpose, and passes an unchanged one every time. */
import { choices, command, type Given, wholeNumber } from '../arguments.js';
import { gatedAreas } from '../areas.js';
import { ownRoot } from '../build.js';
import { Progress } from '../progress.js';
import { buildOf } from './builds.js';
import { deaf, mutate, slowed } from './mutants.js';
import { type GateResult, type GateSettings, runGate } from './run-gate.js';

const usage = `Usage: npm run bench:gate:prove -- [options]

  --base GITREF   what is built as the unchanged base (default HEAD; this checkout must be built of the same)
  --times N       how often the unchanged build must pass (default 20)
  --pairs N, --rounds N, --ms N, --scope AREAS   as in bench:gate
  --help          this text
`;

const failures = ({ rows, counts }: GateResult): string[] => [
  ...rows
    .filter(({ verdict }) => verdict === 'slower')
    .map(({ name, ratio }) => `${name} ${ratio.p50.toFixed(2)} (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`),
  ...counts.filter(({ verdict }) => verdict === 'more').map(({ name, base, head }) => `${name}: ${base}, now ${head}`),
];

const texts = ['base', 'times', 'pairs', 'rounds', 'ms', 'scope'] as const;

async function main(given: Given<(typeof texts)[number]>): Promise<number> {
  const times = wholeNumber('times', given.times, { least: 0, most: 1_000, fallback: 20 });
  const progress = new Progress();
  const settings: Omit<GateSettings, 'base' | 'head'> = {
    pairs: wholeNumber('pairs', given.pairs, { least: 10, most: 1_000, fallback: 10 }),
    rounds: wholeNumber('rounds', given.rounds, { least: 1, most: 100, fallback: 3 }),
    ms: wholeNumber('ms', given.ms, { least: 1, most: 60_000, fallback: 40 }),
    scope: choices('scope', given.scope, gatedAreas),
    accepted: new Set(),
    progress: progress.tell,
  };
  const { pairs, rounds, ms, scope } = settings;
  say(`${pairs} pairs, ${rounds} rounds of ${ms} ms, areas ${scope.join(', ')}`, 0);
  const base = buildOf(given.base ?? 'HEAD', progress.tell);
  try {
    const isCaught = await catches({ ...settings, base: base.root });
    let passed = 0;
    for (let time = 1; time <= times; time++) {
      const result = await runGate({ ...settings, base: base.root, head: ownRoot });
      if (!result.isRefused) passed++;
      say(`unchanged, ${time} of ${times}: ${result.isRefused ? `REFUSED ${failures(result).join('; ')}` : 'passed'}`, 0);
    }
    return say(
      `worse builds ${isCaught ? 'caught' : 'NOT CAUGHT'}; unchanged passed ${passed} of ${times}`,
      isCaught && passed === times ? 0 : 1,
    );
  } finally {
    base.remove();
  }
}

async function catches(settings: Omit<GateSettings, 'head'>): Promise<boolean> {
  let caught = 0;
  for (const mutant of [slowed, deaf]) {
    const { root, remove } = mutate(ownRoot, mutant);
    const result = await runGate({ ...settings, head: root }).finally(remove);
    if (result.isRefused) caught++;
    say(`${mutant.name}: ${result.isRefused ? `caught by ${failures(result).join('; ')}` : 'NOT CAUGHT'}`, 0);
  }
  return caught === 2;
}

function say(line: string, code: number): number {
  process.stdout.write(`${line}\n`);
  return code;
}

await command({ usage, texts }, main);
