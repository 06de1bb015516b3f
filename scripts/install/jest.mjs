// Jest as Nest scaffolds it: nothing says "module", so ts-jest compiles to CommonJS, and Jest on Node 20 can neither `import()` nor require an ES
// module.

const shared = {
  declaration: true,
  esModuleInterop: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  target: 'ES2023',
  sourceMap: true,
  outDir: './dist',
  strict: true,
  skipLibCheck: true,
  types: ['node', 'jest'],
};
const now = { module: 'nodenext', moduleResolution: 'nodenext', resolvePackageJsonExports: true, isolatedModules: true };
const before = { module: 'commonjs', moduleResolution: 'node10' };

export const jest = [
  { name: 'Jest 30 on Node 20, as Nest scaffolds it now', options: now },
  { name: 'Jest 30 on Node 20, as Nest scaffolded it before', options: before },
].map(({ name, options }) => ({
  name,
  service: 'jest',
  files: { 'tsconfig.json': { compilerOptions: { ...shared, ...options } } },
  commands: [['node20', '@jest/bin/jest.js', '--ci']],
  prints: /Tests: +4 passed, 4 total/,
}));
