// The public face as text: writes api/*.api.md, what each entry exports with all its types, so that a change of it is seen in review. With --check
// it writes nothing and fails when the reports are not current. With --docs it builds the reference, Markdown from the docstrings, in dist-docs.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { argumentsOf } from './arguments.mjs';

const usage = `Usage: npm run api [-- --check], npm run docs

Writes api/*.api.md, what each entry exports with all its types.

  --check   writes nothing, and exits with 1 when the reports are not current
  --docs    builds the reference too, in dist-docs: what npm run docs does
  --help    this text
`;
const {
  values: { check: isCheck = false, docs: withDocs = false },
} = argumentsOf(usage, { check: { type: 'boolean' }, docs: { type: 'boolean' } });
await import('./ensure.mjs');

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = {
  coalescer: 'src/index',
  'coalescer-machines': 'machines/index',
  'coalescer-testing': 'src/testing',
  'coalescer-bench': 'bench/own/index',
};
const work = join(root, 'dist', 'api');
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });

let failed = false;
for (const [name, entry] of Object.entries(entries)) {
  const problems = [];
  const { apiReportChanged } = Extractor.invoke(configOf(name, entry), {
    // Otherwise it would write the report, which a check must not.
    localBuild: !isCheck,
    messageCallback: (message) => {
      // Told below, and in our words.
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) problems.push(`${message.messageId}: ${message.text}`);
    },
  });
  if (apiReportChanged && isCheck) problems.push(`api/${name}.api.md is not current: run \`npm run api\` and look at the difference`);
  else if (apiReportChanged) console.log(`api/${name}.api.md written: look at the difference`);
  if (problems.length > 0) console.log(problems.join('\n'));
  failed ||= problems.length > 0;
}
if (failed) process.exit(1);
if (withDocs) writeDocs();

function configOf(name, entry) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, 'dist', `${entry}.d.ts`),
      compiler: { tsconfigFilePath: join(root, 'tsconfig.json') },
      apiReport: { enabled: true, reportFolder: join(root, 'api'), reportTempFolder: work, reportFileName: `${name}.api.md` },
      docModel: { enabled: true, apiJsonFilePath: join(work, `${name}.api.json`), includeForgottenExports: true },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    // Each entry passes for a package: the documenter knows one entry of each.
    packageJson: { ...manifest, name },
  });
}

/** The documenter drops the tag and keeps its text: `@default 0` becomes a sentence. */
function tellDefaults() {
  for (const name of Object.keys(entries)) {
    const path = join(work, `${name}.api.json`);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/@default (.*?)\.?(?=\\n|\s*\*\/)/g, 'Default: $1.'));
  }
}

function writeDocs() {
  tellDefaults();
  const folder = join(root, 'dist-docs');
  rmSync(folder, { recursive: true, force: true });
  const documenter = join(root, 'node_modules', '@microsoft', 'api-documenter', 'bin', 'api-documenter');
  const { status, stdout, stderr } = spawnSync(process.execPath, [documenter, 'markdown', '-i', work, '-o', folder], { encoding: 'utf8' });
  if (status !== 0) {
    console.log(stdout, stderr);
    process.exit(1);
  }
  console.log(`dist-docs: ${readdirSync(folder).length} pages; begin with dist-docs/index.md`);
}
