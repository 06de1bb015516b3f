// The words and the shape of a file, as STYLE.md has them (§1 "no drawers", §2 "Words", §6 headers): one word per idea, in names too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareCode, commentsOf } from './scan.js';
import { allFolders, complaint, expectComplaints, expectNone, lineAt, readSources, rooms, type TreeFile } from './tree.js';

const linesMax = 250;
const drawers = /^(?:utils?|helpers?|common|misc)$/;
const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
// Spelled with brackets, so that this file is not its own first finding.
const leftForLater = /\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/g;

/** Words that would be a second name for an idea which has one. Looked for among the words that an identifier is made of. */
const otherWords: Readonly<Record<string, string>> = {
  dedupe: 'join',
  dedup: 'join',
  deduplicate: 'join',
  provider: 'target',
  'upstream call': 'attempt',
  'retry count': 'attempt',
  'in flight': 'inflight (the state), or flights in the air',
  tenant: 'scope',
  circuit: 'breaker',
  'cache hit': 'hit',
  millis: 'ms',
  milliseconds: 'ms',
};

export function badFileNames(files: readonly TreeFile[]): string[] {
  return files.flatMap((file) => {
    const names = file.path.replace(/(?:\.machine|\.table|\.test)?\.c?ts$/, '').split('/');
    const drawer = names.find((name) => name.split('-').some((part) => drawers.test(part)));
    if (drawer !== undefined) return [`${file.path}:1 a drawer: name the thing instead of ${drawer}`];
    return names.every((name) => kebabCase.test(name)) ? [] : [`${file.path}:1 not kebab-case`];
  });
}

export function badShapes(files: readonly TreeFile[]): string[] {
  return files.flatMap((file) => {
    const lines = lineAt(file.text.trimEnd(), file.text.length);
    const header = /^(?:#![^\n]*\n)?\s*(?:\/\/[ \t]*[^\s/]|\/\*[\s*]*[^\s*/])/;
    return [
      // A generated table has as many rows as its machine has states.
      ...(lines > linesMax && !file.path.endsWith('.table.ts')
        ? [`${file.path}:${linesMax + 1} ${lines} lines: is it still one room?`]
        : []),
      ...(header.test(file.text) ? [] : [`${file.path}:1 no header that says what this room is for`]),
    ];
  });
}

export function badIdentifiers(files: readonly TreeFile[]): string[] {
  return files.flatMap((file) =>
    [...bareCode(file.text).matchAll(/[A-Za-z_$][\w$]*/g)].flatMap((match) => {
      const name = match[0];
      if (/Manager\b|Impl$/.test(name)) return [complaint(file, match.index, `${name}: classes and types are nouns`)];
      if (/^I[A-Z][a-z]/.test(name)) return [complaint(file, match.index, `${name}: no I before an interface`)];
      const other = Object.keys(otherWords).find((words) => new RegExp(`\\b${words}s?\\b`).test(wordsOf(name)));
      return other === undefined ? [] : [complaint(file, match.index, `${name}: the word is ${otherWords[other]}`)];
    }),
  );
}

const wordsOf = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[_$]/g, ' ')
    .toLowerCase();

export function badSyntax(files: readonly TreeFile[]): string[] {
  return files.flatMap((file) => {
    const code = bareCode(file.text);
    const declarations = [...code.matchAll(/^[ \t]*(?:export\s+)?(?:declare\s+)?(?:const\s+)?(?:enum|namespace)\s+\w+/gm)];
    return [
      ...declarations.map((match) => complaint(file, match.index, `${match[0].trim()}: no enum, no namespace`)),
      ...topLevelAwaits(code).map((index) => complaint(file, index, 'a top-level await cannot be required')),
    ];
  });
}

/** Only braces that belong to a function, class or object hide an `await`; those of `if`, `for` and `try` do not. */
function topLevelAwaits(code: string): number[] {
  const found: number[] = [];
  const hides: boolean[] = [];
  let statementStart = 0;
  for (const { 0: token, index } of code.matchAll(/[{};]|\bawait\b/g)) {
    const statement = code.slice(statementStart, index).trim();
    if (token === 'await') {
      if (!hides.includes(true) && !statement.includes('=>')) found.push(index);
      continue;
    }
    if (token === '{') hides.push(!/^(?:(?:try|if|else|for|while|switch|do|catch|finally)\b(?![\s\S]*=>)|$)/.test(statement));
    if (token === '}') hides.pop();
    statementStart = index + 1;
  }
  return found;
}

export function leftForLaterIn(files: readonly TreeFile[]): string[] {
  return files.flatMap((file) =>
    [...commentsOf(file.text).matchAll(leftForLater)].map((match) => complaint(file, match.index, `${match[0]}: do it, or open an issue`)),
  );
}

test('there is a tree to look at', () => {
  for (const room of rooms) assert.ok(readSources([room]).length > 0, `${room} is empty`);
});

test('file names are kebab-case and no file is a drawer', () => {
  expectNone(badFileNames(readSources(allFolders)));
});

test('a drawer and a name in another case are found', () => {
  const bad = [
    'src/utils.ts',
    'workers/wire-helpers.ts',
    'src/common/a.ts',
    'src/flightTable.ts',
    'machines/flight.machine.ts',
    'test/a-b.test.ts',
  ];
  expectComplaints(badFileNames(bad.map((path) => ({ path, text: '' }))), [
    'src/utils.ts:1 a drawer',
    'workers/wire-helpers.ts:1 a drawer',
    'src/common/a.ts:1 a drawer',
    'src/flightTable.ts:1 not kebab-case',
  ]);
});

test('every room begins with a header and is small enough to be one', () => {
  expectNone(badShapes(readSources(rooms)));
});

test('a file without a header and one that is too long are found', () => {
  const bad: TreeFile[] = [
    { path: 'src/a.ts', text: "import { f } from './f.js';\n// Late.\n" },
    { path: 'src/b.ts', text: `// A room.\n${'f();\n'.repeat(249)}` },
    { path: 'src/c.ts', text: `/**\n * A hall.\n */\n${'f();\n'.repeat(248)}` },
    { path: 'demo/d.ts', text: '#!/usr/bin/env node\n// A command.\nf();' },
    { path: 'src/e.ts', text: '//\nf();' },
  ];
  expectComplaints(badShapes(bad), ['src/a.ts:1 no header', 'src/c.ts:251 251 lines', 'src/e.ts:1 no header']);
});

test('identifiers use the words of the house', () => {
  expectNone(badIdentifiers(readSources(rooms)));
});

test('an identifier that uses another word is found, and a comment or message may use it', () => {
  const bad: TreeFile[] = [
    { path: 'src/a.ts', text: '// The provider.\nclass FlightManager {}\nclass ShardImpl {}\ninterface IShard {}' },
    { path: 'src/b.ts', text: "const dedupeKey = 'provider';\nf(isInFlight, listProviders(), RETRY_COUNT);\nconst tenantId = 1;" },
    { path: 'src/c.ts', text: 'const ioPort = new Int32Array(1) as IOPort;\nconst inflight = implement(inFlights);' },
  ];
  expectComplaints(badIdentifiers(bad), [
    'src/a.ts:2 FlightManager',
    'src/a.ts:3 ShardImpl',
    'src/a.ts:4 IShard',
    'src/b.ts:1 dedupeKey: the word is join',
    'src/b.ts:2 isInFlight',
    'src/b.ts:2 listProviders: the word is target',
    'src/b.ts:2 RETRY_COUNT: the word is attempt',
    'src/b.ts:3 tenantId: the word is scope',
    'src/c.ts:2 inFlights',
  ]);
});

test('no enum, no namespace, no top-level await in what is published', () => {
  expectNone(badSyntax(readSources([...rooms, 'demo'])));
});

test('an enum, a namespace and a top-level await are found', () => {
  const bad: TreeFile[] = [
    { path: 'src/a.ts', text: 'export enum A {}\nconst enum B {}\nnamespace C {}\nconst enumerate = { namespace: 1 };' },
    { path: 'src/b.ts', text: 'const a = await f();\nif (a) {\n  await f();\n}\nfor await (const b of c) f(b);\nf(await g());' },
    {
      path: 'src/c.ts',
      text: 'async function f() {\n  if (a) { await g(); }\n}\nconst h = async () => await f();\nconst i = async () => { await f(); };',
    },
    {
      path: 'src/d.ts',
      text: 'class A {\n  async f() {\n    try { await g(); } finally { await h(); }\n  }\n}\n// await f();\nawait f();',
    },
  ];
  expectComplaints(badSyntax(bad), [
    'src/a.ts:1 export enum A',
    'src/a.ts:2 const enum B',
    'src/a.ts:3 namespace C',
    'src/b.ts:1 a top-level await',
    'src/b.ts:3 a top-level await',
    'src/b.ts:5 a top-level await',
    'src/b.ts:6 a top-level await',
    'src/d.ts:7 a top-level await',
  ]);
});

test('nothing is left for later', () => {
  expectNone(leftForLaterIn(readSources(allFolders)));
});

test('a note about later is found in comments and not in code', () => {
  const note = 'to-do'.replace('-', '').toUpperCase();
  const bad: TreeFile[] = [{ path: 'src/a.ts', text: `const list = '${note}';\n// ${note}: will become a table.\n/* f(); ${note} */` }];
  expectComplaints(leftForLaterIn(bad), [`src/a.ts:2 ${note}`, `src/a.ts:3 ${note}`]);
});
