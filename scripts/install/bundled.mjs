// Bundled services: the package external and the targets module an entry of its own, which works; and the package in the bundle by mistake, which
// says what to do.

const external = '\ninline: user 7\nkept: user 7\nthread: HELLO!';
const byMistake =
  /^inline: user 7\nkept: user 7\nCOALESCER_TARGETS_NOT_LOADED: words: .*the package coalescer was bundled.*keep it external \(esbuild: --external:coalescer/;
const esbuild = (extension, ...args) => [
  ['node', '@esbuild/bin/esbuild', 'src/service.ts', 'src/targets.ts', '--bundle', '--platform=node', '--outdir=out', ...args],
  ['node', `out/service.${extension}`, extension],
];
const commonJs = ['--format=cjs'];
const modules = ['--format=esm', '--out-extension:.js=.mjs'];
const webpack = (how) => [
  ['tsc7', 'src/service.ts', 'src/targets.ts', '--outDir', 'built', '--module', 'preserve', '--target', 'es2022', '--types', 'node'],
  ['node', 'webpack.cjs', how],
  ['node', 'out/service.js'],
];

export const bundled = [
  { name: 'esbuild, CommonJS, the package external', commands: esbuild('js', ...commonJs, '--external:coalescer'), prints: external },
  { name: 'esbuild, ES modules, the package external', commands: esbuild('mjs', ...modules, '--external:coalescer'), prints: external },
  { name: 'webpack, the package external', commands: webpack('external'), prints: external },
  {
    name: 'esbuild, CommonJS, the package by mistake too: the start says what to do',
    commands: esbuild('js', ...commonJs),
    prints: byMistake,
  },
  {
    name: 'esbuild, ES modules, the package by mistake too: the start says what to do',
    commands: esbuild('mjs', ...modules),
    prints: byMistake,
  },
  { name: 'webpack, the package by mistake too: the start says what to do', commands: webpack('inside'), prints: byMistake },
].map(({ name, commands, prints }) => ({ name: `bundled by ${name}`, service: 'bundled', commands, prints }));
