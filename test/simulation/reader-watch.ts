/** What holds for those who read: every chunk in its place, of one text, and one end. */
import type { Seat } from '../../src/waiter.js';
import { bytesBefore, fullText, leastOf, mostOf, type CallStream, type FlightStream, type ReaderTrace } from './stream-traces.js';
import { streamOf, type StreamWatch } from './stream-watch.js';
import type { StreamSwarm } from './stream-swarm.js';
import { isBeyond, type FlightTrace, type RequestTrace } from './traces.js';
import { codeOf } from './verdict-on-errors.js';
import type { Witness } from './witness.js';

export class ReaderWatch {
  readonly #witness: Witness;
  readonly #streams: StreamWatch;
  readonly #requests = new Map<Seat, RequestTrace>();

  constructor(witness: Witness, streams: StreamWatch) {
    this.#witness = witness;
    this.#streams = streams;
  }

  #must(holds: boolean, invariant: string, { number }: RequestTrace, what: () => string): void {
    if (!holds) this.#witness.violate(invariant, `reader ${number} ${what()}`);
  }

  /** It is about to ask for everything before this index. */
  asking(request: RequestTrace, reader: ReaderTrace, asked: number): void {
    reader.asked = Math.max(reader.asked, asked);
    if (request.flight !== null) this.#streams.paced(request.flight);
  }

  got(request: RequestTrace, reader: ReaderTrace, index: number, text: string): void {
    const { flight } = request;
    this.#witness.note('reads', request.number, index, text.slice(0, 24));
    // Of several questions in the air some may be answered when it has read enough.
    const hasLeft = reader.left === 'lagging' || request.mustLeave;
    this.#must(!hasLeft || this.#witness.now <= reader.toldAt, 'I6', request, () => `has left, and was given chunk ${index}`);
    this.#must(reader.end === null, 'I1', request, () => `was given chunk ${index} after its end`);
    reader.chunks.push(text);
    if (flight === null) return this.#must(false, 'I5', request, () => 'has no flight, and was given a chunk');
    const stream = streamOf(flight);
    const { chunks, ends } = stream;
    this.#must(index < ends.length || flight.end !== null, 'I17', request, () => `was given chunk ${index} of ${ends.length}`);
    const known = chunks[index];
    chunks[index] ??= text;
    this.#must(known === undefined || known === text, 'I17', request, () => `was given '${text}' as chunk ${index}, others '${known}'`);
    this.#follow(request, flight, stream);
  }

  /** What was read from the start on must be what one attempt has said. */
  #follow(request: RequestTrace, { calls }: FlightTrace, stream: FlightStream): void {
    for (let chunk = stream.chunks[stream.joined]; chunk !== undefined; chunk = stream.chunks[stream.joined]) {
      stream.text += chunk;
      stream.joined++;
      const isSaid = calls.some(({ stream: said }) => said !== null && says(said, stream));
      this.#must(isSaid, 'I17', request, () => `was given '${stream.text}', which no attempt has said`);
    }
  }

  /** It has come to the end of its flight, as it thinks. */
  done(request: RequestTrace, reader: ReaderTrace): void {
    this.#witness.note('read', request.number, reader.chunks.length);
    this.#must(reader.end === null, 'I1', request, () => 'came to its end again');
    reader.end = 'done';
    const { flight } = request;
    if (reader.left !== null || reader.hasStopped || flight === null) return;
    this.#must(flight.end?.isValue === true, 'I18', request, () => `came to the end of flight ${flight.number}, which has none`);
    if (flight.end?.isValue !== true) return;
    const { stream } = flight.winner ?? flight.calls.at(-1) ?? {};
    if (stream === null || stream === undefined) return;
    const whole = fullText(stream);
    const text = reader.chunks.join('');
    const isAll = reader.from === 0 ? text === whole : whole.endsWith(text) || text === '';
    this.#must(isAll, 'I17', request, () => `has read '${text}' of '${whole}'`);
    const count = streamOf(flight).ends.length - reader.from;
    this.#must(reader.chunks.length === count, 'I17', request, () => `has read ${reader.chunks.length} chunks of ${count}`);
  }

  threw(request: RequestTrace, reader: ReaderTrace, error: unknown): void {
    const { flight } = request;
    this.#witness.note('threw', request.number, codeOf(error));
    this.#must(reader.end === null, 'I1', request, () => `was told ${codeOf(error)} after its end`);
    reader.end = 'thrown';
    if (flight === null) return;
    const isOwn = request.signal?.aborted === true && error === request.signal.reason;
    const isLate = codeOf(error) === 'COALESCER_TIMEOUT' && this.#witness.now >= request.askedAt + (request.timeoutMs ?? Infinity);
    const isCut = reader.left === 'lagging' && codeOf(error) === 'COALESCER_SLOW_CONSUMER';
    // An abandoned flight tells nobody anything.
    const isEnd = error !== undefined && flight.end?.isValue === false && error === flight.end.result;
    const isUnreached = isBeyond(request, flight) && codeOf(error) === 'COALESCER_STREAM_BROKEN';
    this.#must(
      isOwn || isLate || isCut || isEnd || isUnreached,
      'I9',
      request,
      () => `was told ${codeOf(error)}, which is not its flight's end`,
    );
  }

  seated(seat: Seat, request: RequestTrace): void {
    this.#requests.set(seat, request);
  }

  /** For whatever reason. Waiters that do not read are none of its. */
  leaves(seat: Seat): void {
    const { reader, flight } = this.#requests.get(seat) ?? {};
    if (reader) reader.chunksWhenLeft = flight?.stream?.ends.length ?? 0;
  }

  /** The library cuts it off. */
  cut(seat: Seat): void {
    this.#streams.came();
    const request = this.#requests.get(seat) as RequestTrace;
    const reader = request.reader as ReaderTrace;
    const flight = request.flight as FlightTrace;
    const stream = streamOf(flight);
    const { lagBytes } = (this.#witness.swarm.streams as StreamSwarm).options;
    const mine = leastOf(reader, stream);
    const lag = (stream.ends.at(-1) ?? 0) - Math.max(reader.joinedAtBytes, bytesBefore(stream, mine));
    const isBehind = [...flight.waiting].some(
      ({ reader: other }) => other === null || (other.left === null && mostOf(other, stream) > mine),
    );
    this.#witness.note('cut', request.number, lag);
    this.#must(lag > lagBytes && isBehind, 'I20', request, () => `was cut off, ${lag} bytes behind, ${isBehind ? 'not ' : ''}the fastest`);
    reader.left = 'lagging';
  }
}

/** Has this attempt said all that was read from the start on? What it was seen to say before is not compared again: it stays so, and texts are long. */
function says(said: CallStream, { chunks, joined }: FlightStream): boolean {
  const text = fullText(said);
  for (; said.agreed < joined; said.agreed++) {
    const chunk = chunks[said.agreed] as string;
    const end = said.agreedLength + chunk.length;
    // Not `startsWith`, which looks at each character by itself.
    if (text.slice(said.agreedLength, end) !== chunk) return false;
    said.agreedLength = end;
  }
  return true;
}
