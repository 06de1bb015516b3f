/** What streams say: a text in pieces, each of which names its flight, its payload and its place, so that none can stand where it does not belong. */
import type { ChunkKind, StreamSwarm } from './stream-swarm.js';
import type { FlightTrace } from './traces.js';

const PIECES_LEAST = 2;
const PIECES_MORE = 13;
const PADDING = 'x'.repeat(16_384);

/** How a piece travels where chunks are objects. */
interface Piece {
  readonly piece: string;
}

/** All pieces of a flight's text. The last one ends with a full stop, the others do not. */
export function piecesOf({ number, leader }: FlightTrace, { paddingBytes }: StreamSwarm): string[] {
  const count = PIECES_LEAST + ((leader.payload * 7 + number) % PIECES_MORE);
  const padding = PADDING.slice(0, paddingBytes);
  return Array.from({ length: count }, (_, index) => `${number}/${leader.payload}#${index}${padding}${index === count - 1 ? '.' : ';'}`);
}

/** The same text, told another way from one piece on. */
export function otherFrom(pieces: readonly string[], from: number, attempt: number): string[] {
  return pieces.map((piece, index) => (index < from ? piece : `~${attempt}~${piece}`));
}

export const isEndOfText = (text: string): boolean => text.endsWith('.');

/** A text, cut where its pieces end. */
export const splitText = (text: string): string[] => text.match(/[^;.]*[;.]?/g)?.filter((piece) => piece !== '') ?? [];

export function chunkOf(kind: ChunkKind, text: string): unknown {
  if (kind === 'text') return text;
  return kind === 'bytes' ? Buffer.from(text, 'latin1') : ({ piece: text } satisfies Piece);
}

/** What a chunk, a list of chunks, or any other value says. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
  if (Array.isArray(value)) return value.map(textOf).join('');
  const { piece } = (value ?? {}) as Partial<Piece>;
  return piece ?? JSON.stringify(value) ?? 'nothing';
}
