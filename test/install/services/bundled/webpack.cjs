// Bundles what the compiler made, as `webpack --config` would. `external` keeps the package out of the bundle, `inside` is the mistake.
const path = require('node:path');
const webpack = require('webpack');

const entry = (name) => path.join(__dirname, 'built', name);
const config = {
  mode: 'production',
  target: 'node',
  context: __dirname,
  entry: { service: entry('service.js'), targets: entry('targets.js') },
  output: { path: path.join(__dirname, 'out'), filename: '[name].js', library: { type: 'commonjs2' } },
  externals: process.argv[2] === 'external' ? { coalescer: 'commonjs coalescer' } : {},
  performance: false,
};

webpack(config, (error, stats) => {
  const problem = error ?? (stats.hasErrors() ? stats.toString({ all: false, errors: true }) : undefined);
  if (problem === undefined) return;
  console.error(problem);
  process.exitCode = 1;
});
