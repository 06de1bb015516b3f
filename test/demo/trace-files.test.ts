// Files that cannot be used, each given to the real command: exit code 2, one line on stderr, nothing on stdout, nothing started.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readTrace } from '../../demo/trace-files.js';
import { runCli } from './run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'coalescer-traces-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const header = 'TIMESTAMP,ContextTokens,GeneratedTokens';
const first = '2023-11-16 18:15:46.6805900,374,44';
const second = '2023-11-16 18:15:50.9951690,396,109';

let files = 0;
function file(...lines: readonly string[]): string {
  const path = join(folder, `${++files}.txt`);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

const goodArrivals = file(header, first, second);
const goodKeys = file('a', 'b');

/** What is given, and what the one line must say. */
const malformed: readonly [name: string, arrivals: string, keys: string, complaint: RegExp][] = [
  ['arrivals that are not there', join(folder, 'none.csv'), goodKeys, /^coalescer: arrivals file .*none\.csv: no such file$/],
  ['keys that are not there', goodArrivals, join(folder, 'none.txt'), /^coalescer: keys file .*none\.txt: no such file$/],
  ['a folder', folder, goodKeys, /arrivals file .*: is a directory$/],
  ['empty arrivals', file(), goodKeys, /arrivals file .*: empty$/],
  ['empty keys', goodArrivals, file(), /keys file .*: empty$/],
  ['no header', file(first, second), goodKeys, /line 1: expected the header TIMESTAMP,ContextTokens,GeneratedTokens, found "2023-11-16 /],
  ['another header', file('time,tokens', first), goodKeys, /line 1: expected the header .* found "time,tokens"$/],
  ['a header alone', file(header), goodKeys, /no arrivals after the header$/],
  ['a missing column', file(header, first, '2023-11-16 18:15:50,7'), goodKeys, /line 3: expected 3 columns, found 2$/],
  ['a column too many', file(header, `${first},1`), goodKeys, /line 2: expected 3 columns, found 4$/],
  ['an empty line', file(header, first, '', second), goodKeys, /line 3: expected 3 columns, found 1$/],
  [
    'tokens in words',
    file(header, first, '2023-11-16 18:15:50,396,many'),
    goodKeys,
    /line 3: GeneratedTokens "many" is not a whole number$/,
  ],
  ['no tokens', file(header, '2023-11-16 18:15:50,,7'), goodKeys, /line 2: ContextTokens "" is not a whole number$/],
  ['negative tokens', file(header, '2023-11-16 18:15:50,3,-7'), goodKeys, /line 2: GeneratedTokens "-7" is not a whole number$/],
  ['broken tokens', file(header, '2023-11-16 18:15:50,1.5,7'), goodKeys, /line 2: ContextTokens "1.5" is not a whole number$/],
  ['endless tokens', file(header, '2023-11-16 18:15:50,3,100001'), goodKeys, /line 2: GeneratedTokens 100001 is more than 100000$/],
  ['a time in words', file(header, 'noon,3,7'), goodKeys, /line 2: TIMESTAMP "noon" is not like 2023-11-16 18:15:46\.6805900$/],
  ['a time that is none', file(header, '2023-13-16 18:15:50,3,7'), goodKeys, /line 2: TIMESTAMP "2023-13-16 18:15:50" is not like /],
  ['time going backwards', file(header, second, first), goodKeys, /line 3: TIMESTAMP is earlier than on the line before$/],
  ['fewer keys than arrivals', goodArrivals, file('a'), /keys file .*: 1 keys for 2 arrivals$/],
  ['an empty key', goodArrivals, file('a', '', 'c'), /keys file .*, line 2: empty$/],
  ['control characters', file('\u001b[2J\u0007'), goodKeys, /line 1: expected the header .* found "\\u001b\[2J\\u0007"$/],
];

for (const [name, arrivals, keys, complaint] of malformed) {
  test(`${name}: one line and exit code 2`, async () => {
    const { code, stdout, stderr } = await runCli(['demo', '--arrivals', arrivals, '--keys', keys]);
    assert.equal(stderr.split('\n').length, 2, stderr);
    assert.match(stderr.trimEnd(), complaint);
    assert.equal(stdout, '');
    assert.equal(code, 2);
  });
}

test('good files become arrivals from zero, each with the key of its line', () => {
  const [one, two, ...rest] = readTrace({ arrivals: goodArrivals, keys: file('a', 'b', 'left over') });
  assert.deepEqual(one, { atMs: 0, question: { kind: 'question', key: 'a', promptTokens: 374, tokens: 44 } });
  assert.deepEqual(two?.question, { kind: 'question', key: 'b', promptTokens: 396, tokens: 109 });
  assert.equal(two?.atMs.toFixed(2), '4314.58');
  assert.deepEqual(rest, []);
});

test('a limit takes the first requests, and needs no more keys than that', () => {
  assert.equal(readTrace({ arrivals: goodArrivals, keys: file('a'), limit: 1 }).length, 1);
});

test('Windows line ends, a byte order mark, a time zone and a missing last line end are fine', () => {
  const arrivals = join(folder, 'windows.csv');
  writeFileSync(arrivals, `\uFEFF${header}\r\n2024-05-10 00:00:00.5+00:00,1,2\r\n2024-05-10T02:00:01+02:00,3,4`);
  const read = readTrace({ arrivals, keys: goodKeys });
  assert.deepEqual(
    read.map(({ atMs, question }) => [atMs, question.key, question.tokens]),
    [
      [0, 'a', 2],
      [500, 'b', 4],
    ],
  );
});
