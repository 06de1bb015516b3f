// Reads real traffic from two files: arrivals (CSV) and keys (one a line). Whatever is wrong with them is said in one line that names
// the file and the line.

import { readFileSync } from 'node:fs';
import { InputError, quoted } from './input-error.js';
import type { Arrival } from './traffic.js';

const header = 'TIMESTAMP,ContextTokens,GeneratedTokens';
/** More than any model generates for one answer today; above it a flight would last for hours. */
const tokensMax = 100_000;
const promptTokensMax = 100_000_000;

interface TraceFiles {
  readonly arrivals: string;
  readonly keys: string;
  /** Only so many from the beginning. */
  readonly limit?: number | undefined;
}

/** @throws InputError when a file is missing, empty or malformed. */
export function readTrace(files: TraceFiles): Arrival[] {
  const rows = readArrivals(files.arrivals).slice(0, files.limit);
  const keys = readLines(files.keys, 'keys');
  if (keys.length < rows.length) {
    throw new InputError(`keys file ${files.keys}: ${keys.length} keys for ${rows.length} arrivals`);
  }
  const startMs = rows[0]?.atMs ?? 0;
  return rows.map(({ atMs, promptTokens, tokens }, index) => {
    const key = keys[index] ?? '';
    if (key === '') throw new InputError(`keys file ${files.keys}, line ${index + 1}: empty`);
    return { atMs: atMs - startMs, question: { kind: 'question', key, promptTokens, tokens } };
  });
}

interface Row {
  readonly atMs: number;
  readonly promptTokens: number;
  readonly tokens: number;
}

function readArrivals(path: string): Row[] {
  const lines = readLines(path, 'arrivals');
  if (lines[0] !== header)
    throw new InputError(`arrivals file ${path}, line 1: expected the header ${header}, found ${quoted(lines[0] ?? '')}`);
  if (lines.length === 1) throw new InputError(`arrivals file ${path}: no arrivals after the header`);
  let previousMs = Number.NEGATIVE_INFINITY;
  return lines.slice(1).map((line, index) => {
    const place = `arrivals file ${path}, line ${index + 2}`;
    const row = parseRow(line, place);
    if (row.atMs < previousMs) throw new InputError(`${place}: TIMESTAMP is earlier than on the line before`);
    previousMs = row.atMs;
    return row;
  });
}

function parseRow(line: string, place: string): Row {
  const columns = line.split(',');
  const [timestamp, promptTokens, tokens] = columns;
  if (columns.length !== 3 || timestamp === undefined || promptTokens === undefined || tokens === undefined) {
    throw new InputError(`${place}: expected 3 columns, found ${columns.length}`);
  }
  return {
    atMs: parseTimestamp(timestamp, place),
    promptTokens: parseTokens(promptTokens, `${place}: ContextTokens`, promptTokensMax),
    tokens: parseTokens(tokens, `${place}: GeneratedTokens`, tokensMax),
  };
}

/** `2023-11-16 18:15:46.6805900`, with or without a time zone. Fractions of a millisecond count. */
function parseTimestamp(text: string, place: string): number {
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const wholeMs = parts === null ? Number.NaN : Date.parse(`${parts[1]}T${parts[2]}${parts[4] ?? 'Z'}`);
  if (Number.isNaN(wholeMs)) throw new InputError(`${place}: TIMESTAMP ${quoted(text)} is not like 2023-11-16 18:15:46.6805900`);
  return wholeMs + Number(parts?.[3] ?? 0) * 1_000;
}

function parseTokens(text: string, place: string, max: number): number {
  if (!/^\d{1,12}$/.test(text)) throw new InputError(`${place} ${quoted(text)} is not a whole number`);
  const tokens = Number(text);
  if (tokens > max) throw new InputError(`${place} ${text} is more than ${max}`);
  return tokens;
}

function readLines(path: string, what: string): string[] {
  const text = readText(path, what).replace(/^\uFEFF/, '');
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new InputError(`${what} file ${path}: empty`);
  return lines;
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a directory' : (code ?? 'cannot be read');
    throw new InputError(`${what} file ${path}: ${why}`);
  }
}
