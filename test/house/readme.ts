// Takes a README apart into its TypeScript blocks, compiles them against the package as users get it, and runs those that are to be run.
//
// ```ts       compiles. A first line `// targets.ts` names the file, so that other blocks can import './targets.js'.
// ```ts run   runs too, and prints exactly what the next ```text block says.
// <!-- given  …code… -->   right before a block: declarations that the block needs and a reader does not.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineAt, root } from './tree.js';

export interface Block {
  readonly file: string;
  /** The code at the very lines it has in the README: what the compiler says about a line is then about that line. */
  readonly code: string;
  readonly line: number;
  /** What it must print; `undefined` for a block that is not run, `null` if the README does not say. */
  readonly prints: string | null | undefined;
}

interface Fence {
  readonly info: readonly string[];
  readonly body: string;
  readonly line: number;
  readonly given: string;
  readonly givenLine: number;
}

const fencePattern = /(?:<!-- given\n(?<given>[\s\S]*?)-->\n+)?^```(?<info>[^\n`]*)\n(?<body>[\s\S]*?)^```[ \t]*$/gm;

export function blocksOf(readme: string): Block[] {
  const fences = [...readme.matchAll(fencePattern)].map((match) => fenceOf(readme, match));
  return fences.flatMap((fence, at) => {
    if (fence.info[0] !== 'ts') return [];
    const next = fences[at + 1];
    const prints = next?.info[0] === 'text' ? next.body.trimEnd() : null;
    const named = /^\/\/ ([\w.-]+\.ts)\n/.exec(fence.body)?.[1];
    return [
      {
        file: named ?? `line-${fence.line}.ts`,
        code: placed(fence),
        line: fence.line,
        prints: fence.info.includes('run') ? prints : undefined,
      },
    ];
  });
}

function fenceOf(readme: string, match: RegExpExecArray): Fence {
  const { given = '', info = '', body = '' } = match.groups ?? {};
  const line = lineAt(readme, match.index + match[0].lastIndexOf('```' + info + '\n' + body)) + 1;
  return { info: info.trim().split(/\s+/), body, line, given, givenLine: lineAt(readme, match.index) + 1 };
}

function placed({ given, givenLine, body, line }: Fence): string {
  const before = given === '' ? '' : '\n'.repeat(givenLine - 1) + given;
  return `${before}${'\n'.repeat(line - lineAt(before, before.length))}${body}export {};\n`;
}

/** What is wrong with a README's examples, as `README.md:line what`. The folder, inside of dist, is made anew. */
export function faultsOf(readme: string, folder: string): string[] {
  const blocks = blocksOf(readme);
  if (!blocks.some((block) => block.prints !== undefined)) return ['README.md:1 no block is marked ```ts run'];
  const twice = blocks.filter((block, at) => blocks.findIndex((other) => other.file === block.file) !== at);
  if (twice.length > 0) return twice.map((block) => `README.md:${block.line} a second ${block.file}`);
  writeProject(blocks, join(root, 'dist', folder));
  const complaints = compile(blocks, join(root, 'dist', folder));
  if (complaints.length > 0) return complaints;
  return blocks.flatMap((block) => (block.prints === undefined ? [] : run(block, join(root, 'dist', folder))));
}

/** Inside of dist the nearest package.json is the package's own, so `coalescer` means what it means to a user. */
function writeProject(blocks: readonly Block[], folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const block of blocks) writeFileSync(join(folder, block.file), block.code);
  const compilerOptions = { rootDir: '.', outDir: 'out', declaration: false, sourceMap: false, inlineSources: false };
  const lenient = { noUnusedLocals: false, noUnusedParameters: false };
  const project = { extends: '../../tsconfig.json', compilerOptions: { ...compilerOptions, ...lenient }, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
}

function compile(blocks: readonly Block[], folder: string): string[] {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '--project', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status === 0) return [];
  const complaints = [...stdout.matchAll(/^(?<file>[^\s(]+)\((?<line>\d+),\d+\): (?<what>.*)$/gm)].map(({ groups = {} }) => {
    const isBlock = blocks.some((block) => block.file === groups['file']);
    return `${isBlock ? 'README.md' : groups['file']}:${groups['line']} ${groups['what']}`;
  });
  complaints.sort((one, other) => lineOf(one) - lineOf(other));
  return complaints.length > 0 ? complaints : [`README.md:1 tsc failed: ${stdout}${stderr}`];
}

const lineOf = (complaint: string): number => Number(/:(\d+) /.exec(complaint)?.[1]);

function run(block: Block, folder: string): string[] {
  if (block.prints === null) return [`README.md:${block.line} no \`\`\`text block says what this prints`];
  const script = join(folder, 'out', block.file.replace(/\.ts$/, '.js'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: folder, encoding: 'utf8', timeout: 60_000, input: '' });
  if (status !== 0) return [`README.md:${block.line} did not end well (${status}): ${stderr}`];
  if (stdout.trimEnd() === block.prints) return [];
  return [`README.md:${block.line} prints\n${stdout.trimEnd()}\nand the README says\n${block.prints}`];
}
