// TypeScript services under every moduleResolution, each with the compilers that still know it; without the DOM, and with the declarations of the
// package checked (skipLibCheck: false).

const resolutions = [
  { resolution: 'node10', kind: 'CommonJS', options: { module: 'commonjs', moduleResolution: 'node10' }, versions: [5, 6] },
  { resolution: 'node16', kind: 'CommonJS', options: { module: 'node16', moduleResolution: 'node16' }, versions: [5, 6, 7] },
  { resolution: 'node16', kind: 'ES modules', options: { module: 'node16', moduleResolution: 'node16' }, versions: [5, 7] },
  { resolution: 'nodenext', kind: 'CommonJS', options: { module: 'nodenext', moduleResolution: 'nodenext' }, versions: [5, 7] },
  { resolution: 'nodenext', kind: 'ES modules', options: { module: 'nodenext', verbatimModuleSyntax: true }, versions: [5, 6, 7] },
  { resolution: 'bundler', kind: 'ES modules', options: { module: 'esnext', moduleResolution: 'bundler' }, versions: [5, 6, 7] },
];

function typedCase({ version, resolution, kind, options }) {
  const entry = kind === 'CommonJS' ? 'service-commonjs' : 'service-module';
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    rootDir: 'src',
    outDir: 'dist',
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    ...options,
    ...(version === 6 && resolution === 'node10' ? { ignoreDeprecations: '6.0' } : {}),
  };
  return {
    name: `TypeScript ${version}, moduleResolution ${resolution}, ${kind}`,
    service: 'typescript',
    files: {
      'package.json': { name: 'typescript', private: true, ...(kind === 'CommonJS' ? {} : { type: 'module' }) },
      'tsconfig.json': { compilerOptions, files: [`src/${entry}.ts`, 'src/targets.ts'] },
    },
    commands: [
      [`tsc${version}`, '--project', '.'],
      ['node', `dist/${entry}.js`],
    ],
    prints: `
inline: user 7, 2 attempts
refused: COALESCER_SCOPE_MISSING
thread: HELLO!, 1 flight
testing: hello, machine flight, true`,
  };
}

/** The declarations of XState do not pass these options: `coalescer/machines` is left out, and nothing of it may come in by the other entries. */
function strictestCase(version, kind) {
  const options = { module: 'nodenext', exactOptionalPropertyTypes: true, noPropertyAccessFromIndexSignature: true, isolatedModules: true };
  const { files, name, ...rest } = typedCase({ version, resolution: 'nodenext', kind, options });
  const withoutMachines = "export const FLIGHT = 'flight';\nexport const flightEvents = ['flight.launched'];\n";
  return { ...rest, name: `${name}, exactOptionalPropertyTypes`, files: { ...files, 'src/machine.ts': withoutMachines } };
}

export const typed = [
  ...resolutions.flatMap(({ versions, ...rest }) => versions.map((version) => typedCase({ version, ...rest }))),
  strictestCase(5, 'CommonJS'),
  strictestCase(7, 'ES modules'),
];
