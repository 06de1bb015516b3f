// Services that no compiler has touched: on each Node that is claimed, by `require` and by `import`; and inline targets on other runtimes.

const prints = `
inline: user 7, 2 calls
1 threads: HELLO!, 1 flight
dead thread: COALESCER_TARGETS_FAILED true, then AGAIN!
0 threads: HELLO!, 1 flight
testing: COALESCER_TIMEOUT, hello, machine flight`;

export const plain = [20, 22, 24].flatMap((major) => [
  {
    name: `plain CommonJS, installed alone, Node ${major}`,
    service: 'plain-commonjs',
    alone: true,
    commands: [[`node${major}`, 'service.js']],
    prints,
  },
  {
    name: `plain ES modules, installed alone, Node ${major}`,
    service: 'plain-module',
    alone: true,
    commands: [[`node${major}`, 'service.js']],
    prints,
  },
]);

const inline = `
inline: user 7, 2 calls
leaving: left, COALESCER_TIMEOUT, aborted upstream true, 1 flight
failing: COALESCER_TARGETS_FAILED, 2 attempts
testing: hello`;

export const elsewhere = [
  { name: 'inline targets on Bun', service: 'elsewhere', commands: [['bun', 'inline.mjs']], prints: inline },
  { name: 'inline targets on Deno', service: 'elsewhere', commands: [['deno', 'run', '-A', 'inline.mjs']], prints: inline },
];
