// Looks at TypeScript as a reader does: what is code, what is a comment, what stands in quotes, and what a file imports.
// Not a parser: it knows tokens, so that a word in a comment or in a message is never taken for code.
import type { TreeFile } from './tree.js';

export interface Import {
  readonly specifier: string;
  readonly index: number;
  readonly isTypeOnly: boolean;
}

interface Part {
  readonly kind: 'code' | 'comment' | 'literal';
  readonly text: string;
}

const comment = /(?:\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*)/y;
const quoted = /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y;
const templateStart = /`(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y;
const templateRest = /\}(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y;
const regex = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const word = /[\w$#]+|\s+/y;
/** After these a slash begins a regular expression; after anything else it divides. */
const beforeRegex = /^(?:|[([{,;=:!&|?+\-*%~^<>}]|=>|return|typeof|case|in|of|do|else|void|throw|await|yield)$/;

/** The text with comments blanked out; every character stays where it was. */
export function withoutComments(text: string): string {
  return blank(text, (part) => part.kind === 'comment');
}

/** The text with comments and the contents of quotes, templates and regular expressions blanked out. */
export function bareCode(text: string): string {
  return blank(text, (part) => part.kind !== 'code');
}

/** The comments alone, everything else blanked out. */
export function commentsOf(text: string): string {
  return blank(text, (part) => part.kind !== 'comment');
}

/** Static and dynamic imports, re-exports, `require`, and files named by `new URL('…', import.meta.url)`. */
export function importsOf(file: TreeFile): Import[] {
  const code = withoutComments(file.text);
  const statements =
    /\b(?<typeof>typeof\s+)?(?:(?:import|export)\s+(?<type>type\s)?[^'"`;()=]*?\bfrom|import|import\s*\(|require\s*\(|new\s+URL\s*\((?=[^)]*import\.meta\.url))\s*(?<quote>['"`])(?<specifier>[^'"`\n]+)\k<quote>/g;
  return [...code.matchAll(statements)].map((match) => ({
    specifier: match.groups?.['specifier'] ?? '',
    index: match.index,
    isTypeOnly: match.groups?.['type'] !== undefined || match.groups?.['typeof'] !== undefined,
  }));
}

function blank(text: string, isBlanked: (part: Part) => boolean): string {
  return partsOf(text)
    .map((part) => (isBlanked(part) ? part.text.replace(/[^\n]/g, ' ') : part.text))
    .join('');
}

function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  /** For each template we are inside of: how many braces its current hole has opened. */
  const holes: number[] = [];
  let previous = '';
  for (let at = 0; at < text.length; ) {
    const part = partAt(text, at, previous, holes);
    parts.push(part);
    at += part.text.length;
    if (part.kind !== 'comment' && part.text.trim() !== '') previous = part.kind === 'literal' ? 'literal' : part.text;
  }
  return parts;
}

function partAt(text: string, at: number, previous: string, holes: number[]): Part {
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const found = match(comment);
  if (found !== undefined) return { kind: 'comment', text: found };
  const literal = match(quoted) ?? templateAt(text[at], match, holes) ?? (beforeRegex.test(previous) ? match(regex) : undefined);
  if (literal !== undefined) return { kind: 'literal', text: literal };
  const code = match(word) ?? text[at] ?? '';
  const depth = holes.length - 1;
  if (depth >= 0 && code === '{') holes[depth] = (holes[depth] ?? 0) + 1;
  if (depth >= 0 && code === '}') holes[depth] = (holes[depth] ?? 0) - 1;
  return { kind: 'code', text: code };
}

/** A template's first piece, or the piece after one of its holes. */
function templateAt(character: string | undefined, match: (pattern: RegExp) => string | undefined, holes: number[]): string | undefined {
  if (character === '`') {
    const piece = match(templateStart);
    if (piece?.endsWith('${') === true) holes.push(0);
    return piece;
  }
  if (character !== '}' || holes.at(-1) !== 0) return undefined;
  const piece = match(templateRest);
  if (piece?.endsWith('`') === true) holes.pop();
  return piece;
}
