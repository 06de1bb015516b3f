// Targets modules that are .ts still: named as they are, or as they will be; with tsx in each of its ways, in vitest, by Node's own type stripping.

const prints = ['./targets.js', './targets.ts']
  .flatMap((name) => [0, 1].map((threads) => `${name}, ${threads} threads: HELLO!`))
  .join('\n');

const files = { 'package.json': { name: 'in-development', private: true, type: 'module' } };
const service = 'in-development';

/** Without types itself: only its targets are TypeScript, and nothing there can read them. */
const untyped = `import { createCoalescer, threadTargets } from 'coalescer';
for (const threads of [0, 1]) {
  const targets = threadTargets(new URL('./targets.js', import.meta.url), { threads, config: { sign: '!' } });
  const words = createCoalescer({ scope: 'public', targets });
  console.log(threads + ': ' + (await words.ready().catch((error) => error.message)));
  await words.close();
}
`;

export const inDevelopment = [
  ...[20, 22, 24].map((major) => ({
    name: `.ts targets, node --import tsx, Node ${major}`,
    service,
    files,
    commands: [[`node${major}`, '--import', 'tsx', 'service.ts']],
    prints,
  })),
  ...[20, 22, 24].map((major) => ({
    name: `.ts targets, the command tsx, Node ${major}`,
    service,
    files,
    commands: [[`node${major}`, '@tsx/dist/cli.mjs', 'service.ts']],
    prints,
  })),
  {
    name: '.ts targets, the command tsx, CommonJS',
    service: 'in-development-commonjs',
    files: { 'package.json': { name: 'in-development-commonjs', private: true } },
    commands: [['node20', '@tsx/dist/cli.mjs', 'service.ts']],
    prints: '0 threads: HELLO!\n1 threads: HELLO!',
  },
  {
    name: '.ts targets, vitest 4 on Node 20',
    service,
    files,
    commands: [['node20', '@vitest/vitest.mjs', 'run']],
    prints: /Tests +4 passed \(4\)/,
  },
  ...[22, 24].map((major) => ({
    name: `.ts targets, types stripped by Node ${major}, no tsx anywhere`,
    service,
    files,
    alone: true,
    commands: [[`node${major}`, 'service.ts']],
    prints,
  })),
  {
    name: '.ts targets on Node 20 without tsx: the error names both ways out',
    service,
    files: { ...files, 'service.mjs': untyped },
    alone: true,
    commands: [['node20', 'service.mjs']],
    prints: /^(?:\d: .*targets\.ts is TypeScript, and Node 20[\d.]* cannot read it.*npm install --save-dev tsx.*Node 22\.18.*\n?){2}$/,
  },
];
